// What the pages do with JavaScript. Without it they work as well: forms are sent, links are followed, and the
// server draws the answer. Each thing that is added has a module of its own.
import { answerInPlace } from "./ask.js";
import { offerCode } from "./code.js";
import { openEditor } from "./editor.js";
import { offerExamples, offerSearch } from "./examples.js";
import { offerSharing } from "./share.js";
import { offerViews } from "./views.js";

const answer = document.getElementById("answer");
if (answer) offerViews(answer);

const questions = document.getElementById("questions");
if (questions) offerSearch(questions.querySelector(".search"), questions.querySelectorAll(".group"), ".card");

const form = document.querySelector("form.editor");
if (form) {
  const editor = await openEditor(form);
  answerInPlace(form, editor);
  offerExamples(document.querySelector(".examples"), editor);
  offerSharing(form, editor);
  offerCode(form, editor);
}
