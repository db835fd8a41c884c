// The kinds of areas that there are, and how each area is called. An area is `{ kind, corners }`, `kind` the
// name of one of them. A kind has a `name`; its areas' `title`; `draw`, what the button says that draws one;
// a `look`: "mask", or "outside" for all around it; `isOnly`: there is one at most; `isFixed`: it is only shown.

// The areas kind by kind, each with its place in the list and its name.
export function named(areas, kinds) {
  return kinds.flatMap((kind) => areas
    .map(({ corners, kind: name }, place) => ({ corners, place, isOfIt: name === kind.name }))
    .filter(({ isOfIt }) => isOfIt)
    .map(({ corners, place }, number) => {
      const name = kind.isOnly ? kind.title : `${kind.title} ${number + 1}`;
      return { corners, place, kind, name };
    }));
}
