// The part of one of our own pages that `selector` names; words in its place where there is none.
// `options` are those of fetch: a form that is sent, headers.
export async function fetchPart(address, selector, options) {
  try {
    const answer = await fetch(address, options);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return document.adoptNode(page.querySelector(selector));
  } catch {
    const message = document.createElement("p");
    message.className = "message problem";
    message.textContent = "The page’s server does not answer; is it still running?";
    return message;
  }
}
