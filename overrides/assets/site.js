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
