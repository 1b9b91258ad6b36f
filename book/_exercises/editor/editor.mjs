// The editor of a code exercise: prism-code-editor with the keys that Python needs.

import { createEditor, languageMap } from "./prism-code-editor/index.js";
import {
  addEditorHotkey,
  indentSelectedLines,
  insertLineAndIndent,
  insertTab,
  toggleComment,
} from "./prism-code-editor/extensions/commands/index.js";
import "./prism-code-editor/prism/languages/python.js";

const INDENT = 4;

languageMap.python = {
  comments: { line: "#" },
  // One step further in after a colon or in an open bracket.
  autoIndent: [([start], value) => /(:|[([{][^)\]}]*)[ ]*$/.test(value.slice(0, start))],
};

const layout = document.createElement("link");
layout.rel = "stylesheet";
layout.href = new URL("./prism-code-editor/layout.css", import.meta.url).href;
// Drawn without its layout an editor would jump.
const laidOut = new Promise((resolve, reject) => {
  layout.addEventListener("load", resolve);
  layout.addEventListener("error", reject);
});
document.head.prepend(layout); // the page's own rules come later and win

// Backspace in front of a line takes back one step of indentation.
function dedent(editor) {
  const [start, end] = editor.getSelection();
  const line = editor.value.slice(editor.value.lastIndexOf("\n", start - 1) + 1, start);
  if (start !== end || !line || line.trim() || line.length % INDENT) return false;
  editor.textarea.setSelectionRange(start - INDENT, start);
  return document.execCommand("delete");
}

function tab(editor) {
  const [start, end] = editor.getSelection();
  return start === end ? insertTab(editor, start) : indentSelectedLines(editor);
}

// Opens an editor and gives its <textarea>: what is typed, and every event, is there.
export async function openPythonEditor(place, value) {
  await laidOut;
  const options = { language: "python", value, tabSize: INDENT, wordWrap: true };
  const editor = createEditor(place, options);
  const keys = {
    Tab: tab,
    "shift+Tab": (it) => indentSelectedLines(it, true),
    Enter: (it) => insertLineAndIndent(it),
    Backspace: dedent,
    "mod+/": (it) => toggleComment(it),
  };
  for (const [key, command] of Object.entries(keys)) addEditorHotkey(editor, key, command);
  return editor.textarea;
}
