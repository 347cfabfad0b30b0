// The editor of a listing: CodeMirror with Python, history and the page's own colours.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands"
import { pythonLanguage } from "@codemirror/lang-python"
import { bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language"
import { EditorState, StateEffect, StateField } from "@codemirror/state"
import { Decoration, EditorView, keymap, lineNumbers } from "@codemirror/view"
import { tagHighlighter, tags as t } from "@lezer/highlight"

// Pygments' classes: the stylesheet that colours the listings colours the editor, too
const colours = tagHighlighter([
  { tag: [t.keyword, t.operatorKeyword, t.controlKeyword, t.definitionKeyword, t.moduleKeyword], class: "k" },
  { tag: [t.bool, t.null], class: "kc" },
  { tag: [t.function(t.definition(t.variableName)), t.definition(t.className)], class: "nf" },
  { tag: [t.string, t.special(t.string)], class: "s2" },
  { tag: t.docString, class: "sd" },
  { tag: t.escape, class: "se" },
  { tag: t.number, class: "mi" },
  { tag: [t.comment, t.lineComment], class: "c1" },
  { tag: t.meta, class: "nd" },
])

const setMistake = StateEffect.define()
const mistake = StateField.define({
  create: () => Decoration.none,
  update(marks, { effects, changes, docChanged, state }) {
    for (const effect of effects) {
      if (!effect.is(setMistake)) continue
      if (!effect.value || effect.value > state.doc.lines) return Decoration.none
      return Decoration.set(Decoration.line({ class: "run-mistake" }).range(state.doc.line(effect.value).from))
    }
    return docChanged ? marks.map(changes) : marks
  },
  provide: field => EditorView.decorations.from(field),
})

/**
 * Put an editor into an element.
 *
 * `label` names it to a screen reader, `changed(text)` is told every edit, `run()` is called by
 * Ctrl+Enter. Tab indents; Escape and then Tab leave the editor.
 */
export function createEditor(parent, { text, label, changed, run }) {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        history(),
        lineNumbers(),
        indentUnit.of("    "),
        pythonLanguage,
        bracketMatching(),
        syntaxHighlighting(colours),
        mistake,
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true) },
          indentWithTab,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.contentAttributes.of({ "aria-label": label, autocapitalize: "off" }),
        EditorView.updateListener.of(update => update.docChanged && changed(view.state.doc.toString())),
      ],
    }),
  })
  return {
    get text() { return view.state.doc.toString() },
    set text(insert) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert }, effects: setMistake.of(0) })
    },
    /** Mark a line, counted from 1, and nothing when it is 0. */
    mark: line => view.dispatch({ effects: setMistake.of(line) }),
    /** Give it the keyboard, with the cursor at a point of the window, or at a line. */
    focus({ x, y, line } = {}) {
      view.focus()
      const at = line ? view.state.doc.line(Math.min(line, view.state.doc.lines)).from
        : x === undefined ? null : view.posAtCoords({ x, y }, false)
      if (at !== null) view.dispatch({ selection: { anchor: at }, effects: line ? EditorView.scrollIntoView(at, { y: "center" }) : [] })
    },
  }
}
