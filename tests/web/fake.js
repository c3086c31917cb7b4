"use strict";
// A classifier for tests: "good" speaks for the first class and "bad" against it, and each other word does nothing.
// The element with the id "about" holds what it is, as JSON in base64: labels of the tests would end an element.

(() => {
  const held = Uint8Array.from(atob(document.getElementById("about").textContent), (c) => c.charCodeAt(0));
  const about = JSON.parse(new TextDecoder().decode(held));
  let hasFailed = false;
  const weights = { good: 1, bad: -2 };
  const words = (text) => text.match(/\w+|\W+/g) || [];
  const score = (text) => words(text).reduce((sum, word) => sum + (weights[word.toLowerCase()] || 0), 0.5);
  const probabilities = (text) => {
    const powers = about.classes.map((_, k) => Math.exp(-k * Math.max(-20, Math.min(20, score(text)))));
    const total = about.thresholds ? Math.max(...powers) * 1.25 : powers.reduce((a, b) => a + b);
    return powers.map((power) => power / total);
  };
  const answer = (text) => {
    if (text.includes("fail")) throw new Error("The service failed, as the text asked.");
    const p = probabilities(text);
    const by_label = Object.fromEntries(about.classes.map((label, k) => [`P(${label})`, p[k]]));
    if (about.thresholds) {
      const given = about.classes.filter((label, k) => p[k] >= about.thresholds[label]);
      return { predicted: given, probability: given.map((label) => by_label[`P(${label})`]), ...by_label };
    }
    const k = p.indexOf(Math.max(...p));
    return { predicted: text.includes("unsure") ? null : about.classes[k], probability: p[k], ...by_label };
  };
  const explanation = (text, label) => {
    const named = label ?? [answer(text).predicted].flat()[0] ?? about.classes[0];
    const runs = words(text).map((word) => ({ text: word, emphasis: weights[word] || 0, shade: (weights[word] || 0) / 2 }));
    const contributions = Object.entries(weights).filter(([word]) => words(text).includes(word))
      .map(([feature, weight]) => ({ feature, weight, value: 1, contribution: weight })).reverse();
    const levels = about.targets === "ordered" ? { levels: about.classes, cuts: about.classes.slice(1).map((_, k) => k - 1) } : {};
    return { label: named, probability: answer(text)[`P(${named})`], answered: true, score: score(text), intercept: 0.5, contributions, runs, ...levels };
  };
  vikt.showPage({
    about: async () => about,
    predict: async (texts) => {
      if (texts.length > about.limits.texts) throw new Error(`${texts.length} texts are too many`);
      const size = JSON.stringify({ texts }).length;
      if (size > about.limits.bytes) throw new Error(`${size} bytes are too many`);
      if (texts.some((text) => text.includes("flaky")) && !hasFailed) {
        hasFailed = true;
        throw new Error("The service is busy.");
      }
      if (texts[0].includes("slow")) await new Promise((resume) => setTimeout(resume, 100));
      return texts.map(answer);
    },
    explain: async (text, label) => ({ explanations: [explanation(text, label)], remark: "" }),
  });
})();
