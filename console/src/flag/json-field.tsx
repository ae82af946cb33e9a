/**
 * A JSON editor: highlighting, brackets, and the place of what is wrong while it is typed. Its
 * styles are in a shadow tree, where they need no permission of the page's policy.
 */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, linter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--link)' },
  { tag: tags.string, color: 'var(--added)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
]);

const LOOK = EditorView.theme({
  '&': { fontSize: '12.5px', backgroundColor: 'var(--surface)', color: 'var(--text)', maxHeight: '420px' },
  '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--text)', minHeight: '60px' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', border: 'none' },
  '&.cm-focused': { outline: '2px solid var(--focus)' },
  // In place of pictures from data URLs, which the policy of the page refuses.
  '.cm-lint-marker-error': { content: '"●"', color: 'var(--danger)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--danger)' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', border: '1px solid var(--line-strong)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
});

/** Draws the editor. Tab leaves it, so that the keyboard is not caught. */
export function JsonField(props: {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
}) {
  const { label, text, onChange } = props;
  const host = useRef<HTMLDivElement>(null);
  const first = useRef(text);
  const changed = useRef(onChange);
  useEffect(() => {
    changed.current = onChange;
  });
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: pretty(first.current),
        extensions: [
          history(),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          json(),
          linter(jsonParseLinter()),
          lintGutter(),
          bracketMatching(),
          syntaxHighlighting(COLOURS),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current(update.state.doc.toString());
          }),
          LOOK,
        ],
      }),
    });
    return () => view.destroy();
  }, [label]);
  return <div ref={host} className="json-field" />;
}

/** The text with line breaks. One that reading and writing would change, as of a long number, stays. */
function pretty(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}
