// Another frame to draw on, chosen by the small pictures below: each link has its large one's address.

// `chosen` is told the link, before its picture is there.
export function chooseFrames(drawing, links, chosen = () => {}) {
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      // Another element, since one that has a picture shows it until the next is there.
      const before = drawing.querySelector("img");
      const picture = before.cloneNode();
      picture.src = link.dataset.picture;
      before.replaceWith(picture);
      for (const one of links) one.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      chosen(link);
    });
  }
}
