"use strict";
// The part of the page that answers one text: its fields, its answer, its reasons, and what is left of it.

(() => {
  const { byId, element } = vikt;
  const PATIENCE = 200; // milliseconds after the last key
  const LONG = 20_000; // characters

  // Fields for the columns that the model reads beside the text. Returns what reads them: {name: value}.
  const columnFields = (about, changed) => {
    const fields = about.reads.columns.map((name, i) => {
      const input = element("input", { id: `column-${i}`, oninput: changed, autocomplete: "off", dir: "auto" });
      const label = element("label", { htmlFor: input.id }, element("bdi", name));
      byId("columns").append(element("span.field", label, input));
      return [name, input];
    });
    vikt.show(byId("columns"), fields.length > 0);
    return () => Object.fromEntries(fields.map(([name, input]) => [name, input.value]));
  };

  const ofOneRow = (columns) => Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, [value]]));

  const tooLong = (length, limit) => {
    const [found, most] = [vikt.count(length, "character"), vikt.count(limit, "character")];
    return `The text has ${found}. It is answered as a whole; words are shown of texts of up to ${most}.`;
  };

  // A text is answered even where it cannot be explained; the remark says why.
  const unexplained = (remark) => ({ explanations: [], remark });

  const explained = (classifier, { limits }, text, label, columns) =>
    text.length > limits.explained
      ? unexplained(tooLong(text.length, limits.explained))
      : classifier.explain(text, label, columns).catch((error) => unexplained(error.message));

  // Returns what answers another text.
  vikt.textPanel = (classifier, about) => {
    const text = byId("text");
    const newest = vikt.newest();
    const newestLeft = vikt.newest();
    let chosen = null; // the label that a reader wants explained
    let told = null; // the answer to the whole text, and its explanation

    const complain = (message) => vikt.setMessage(byId("problem"), message);
    // Whether the page has been drawn anew meanwhile, for another model.
    const isGone = () => !text.isConnected;

    const asked = (typed, label) => {
      const values = columns();
      const answers = classifier.predict([typed], ofOneRow(values));
      return Promise.all([answers, explained(classifier, about, typed, label, values)]);
    };
    const answerLeft = async (rest) => {
      const { base, explanation } = told;
      // Levels have one explanation for all of them.
      const label = about.targets === "ordered" ? null : explanation.label;
      const whole = [[base], { explanations: [explanation], remark: "" }];
      const found = await newestLeft(rest === null ? Promise.resolve(whole) : asked(rest, label));
      if (!found || told.base !== base || isGone()) return;
      complain(found.error?.message ?? "");
      if (found.value) presentLeft(found.value);
    };
    // That the words which are left are answered otherwise than the answer that is explained.
    const showChange = (now, explained) => {
      const [first] = vikt.answered(now);
      const isOther = first !== undefined && about.targets !== "ordered" && !vikt.answered(now).includes(explained);
      vikt.show(byId("changed"), isOther && chosen === null);
      byId("changed-answer").textContent = `You see what speaks for and against ${vikt.named(explained)}.`;
      byId("explain-changed").textContent = `Show that for ${vikt.named(first ?? "")}`;
      byId("explain-changed").onclick = () => choose(first);
    };
    const presentLeft = ([[now], { explanations, remark }]) => {
      const [left] = explanations;
      answer.show(told.base, now, told.explanation.label);
      showChange(now, told.explanation.label);
      if (left) reasons.showLeft(left);
      else complain(remark);
    };
    const reasons = vikt.reasonsPanel(answerLeft);
    const choose = (label) => {
      chosen = label === chosen ? null : label;
      again();
    };
    const answer = vikt.answerPanel(about, choose);

    const clear = (hint, problem) => {
      answer.clear(hint);
      reasons.hide();
      complain(problem);
    };
    const present = ([[base], { explanations, remark }]) => {
      const [first] = explanations;
      told = { base, explanation: first };
      answer.show(base, base, first?.label);
      vikt.show(byId("changed"), false);
      if (first) reasons.show(first, remark);
      else reasons.hide();
      complain(first ? "" : remark);
    };

    const again = async () => {
      if (isGone()) return;
      const typed = text.value;
      const values = columns();
      const missing = Object.keys(values).filter((name) => values[name].trim() === "");
      const isBlank = missing.length > 0 || (about.reads.text && typed.trim() === "");
      vikt.show(byId("clear"), typed !== "");
      byId("answer").setAttribute("aria-busy", String(!isBlank));
      const found = await newest(isBlank ? Promise.resolve(null) : asked(typed, chosen));
      if (!found || isGone()) return;
      byId("answer").setAttribute("aria-busy", "false");
      if (found.value) present(found.value);
      else if (found.error) clear("No answer.", found.error.message);
      else if (typed && missing.length) clear(`Fill in ${missing.join(", ")} as well, which the model reads.`, "");
      else clear("The answer appears here.", "");
    };

    const soon = vikt.settled(again, () => PATIENCE + text.value.length / 1000);
    const columns = columnFields(about, soon);
    // A browser takes seconds to lay out a long text whose direction it has to find.
    const turn = (length) => {
      text.dir = length > LONG ? "" : "auto";
    };
    const read = (value) => {
      turn(value.length);
      text.value = value;
      again();
    };

    text.onbeforeinput = ({ data, dataTransfer }) => {
      const added = data || dataTransfer?.getData("text/plain") || "";
      turn(text.value.length + added.length);
    };
    text.oninput = () => {
      turn(text.value.length);
      soon();
    };
    byId("clear").onclick = () => {
      read("");
      text.focus();
    };
    vikt.show(byId("text-field"), about.reads.text);
    return read;
  };
})();
