// What scrolls sideways can be scrolled from the keyboard; what fits is no stop for it.
const SCROLLERS = ".formula, .highlight pre > code, .md-typeset__scrollwrap"

function mark() {
  for (const element of document.querySelectorAll(SCROLLERS)) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0
    else element.removeAttribute("tabindex")
  }
}

new ResizeObserver(mark).observe(document.body)
document.addEventListener("toggle", mark, true)

// Material puts each copy button in a nav without a name; such a landmark leads nowhere.
function hush() {
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) nav.setAttribute("role", "none")
}

new MutationObserver(hush).observe(document.querySelector("article"), { childList: true, subtree: true })
hush()

// Previews come with the first link that the pointer or the focus rests on.
function preview(event) {
  if (!event.target.closest?.("article a") || (event.type === "pointerover" && event.pointerType !== "mouse")) return
  for (const type of ["pointerover", "focusin"]) removeEventListener(type, preview)
  import("./preview.js").then(({ enter }) => enter(event))
}

for (const type of ["pointerover", "focusin"]) addEventListener(type, preview)
