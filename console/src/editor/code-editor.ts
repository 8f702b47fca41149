import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint'
import { EditorState, type Text } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

/** What is wrong at a place of the text; line and column are from 1. */
export interface TextFault {
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface CodeEditor {
  /** Marks these, and no others any more. */
  mark(faults: readonly TextFault[]): void
  /** Puts the cursor there. */
  goTo(fault: TextFault): void
  close(): void
}

export interface CodeEditorOptions {
  readonly parent: HTMLElement
  readonly text: string
  /** What a screen reader calls it. */
  readonly label: string
  readonly onchange: (text: string) => void
}

/**
 * An editor of JSON. Tab leaves it, as in every field, so that nobody is caught in it by keyboard.
 * It is a chunk of its own: load it when a file is edited.
 */
export function openCodeEditor({ parent, text, label, onchange }: CodeEditorOptions): CodeEditor {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        bracketMatching(),
        json(),
        syntaxHighlighting(colours),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) onchange(state.doc.toString())
        }),
        look,
      ],
    }),
  })
  return {
    mark(faults) {
      const marks = faults.map((fault) => markOf(view.state.doc, fault))
      view.dispatch(setDiagnostics(view.state, marks))
    },
    goTo(fault) {
      view.dispatch({ selection: { anchor: placeOf(view.state.doc, fault) }, scrollIntoView: true })
      view.focus()
    },
    close: () => view.destroy(),
  }
}

/** To the end of its line, as nobody says where a fault ends. */
function markOf(doc: Text, fault: TextFault): Diagnostic {
  const from = placeOf(doc, fault)
  return { from, to: Math.max(from, doc.lineAt(from).to), severity: 'error', message: fault.message }
}

/** Within the text, which may have changed since the fault was found. */
function placeOf(doc: Text, { line, column }: TextFault): number {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines))
  return Math.min(from + column - 1, to)
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--text)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--accent)' },
  { tag: tags.punctuation, color: 'var(--text-soft)' },
])

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12px', backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.65' },
  '.cm-content': { caretColor: 'var(--accent)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--text-soft)', borderRight: '1px solid var(--line)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--wash)',
  },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--wash)', color: 'var(--accent)' },
  '.cm-tooltip': { border: '1px solid var(--line-strong)', backgroundColor: 'var(--raised)', color: 'var(--text)' },
})
