"use strict";
// A classifier that a service runs: its models by name, and the token that it may ask for.

(() => {
  const { byId, element } = vikt;
  let token = "";

  // What the service says of a request that failed, as one sentence.
  const problem = async (response) => {
    if (response.status === 401) {
      return new Error(
        token
          ? "The service refuses this token. Type it again."
          : "This service asks for a token. Type the one that you have.",
      );
    }
    const { detail, title } = await response.json().catch(() => ({}));
    return new Error(detail || title || `The service answered with the status ${response.status}.`);
  };

  const request = async (path, body) => {
    const headers = {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { "Content-Type": "application/json" }),
    };
    const options = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
    const response = await fetch(path, options).catch(() => {
      throw new Error("The service does not answer. Check that it runs and that this computer is connected.");
    });
    askForToken(response.status === 401);
    if (!response.ok) throw await problem(response);
    return response;
  };

  const answer = async (path, body) => (await request(path, body)).json();

  const remote = (name) => {
    const path = `models/${encodeURIComponent(name)}`;
    const links = {
      "Model card": `${path}/card`,
      Report: `${path}/report`,
      "Record of the fit (JSON)": path,
      "Interface for programs (OpenAPI)": "openapi.json",
    };
    let reads = { text: true, columns: [] };
    const row = (texts, columns) => ({ ...(reads.text && texts), ...(reads.columns.length && { columns }) });
    return {
      about: async () => {
        const { targets, classes, thresholds, features, facts, ...model } = await answer(path);
        reads = model.reads;
        return { name, targets, classes, thresholds: thresholds?.thresholds ?? null, features, facts, links, reads };
      },
      predict: async (texts, columns) =>
        (await answer(`${path}/predict`, { ...row({ texts }, columns), proba: true })).answers,
      explain: (text, label, columns) => answer(`${path}/explain`, { ...row({ text }, columns), label }),
    };
  };

  // With a token a link cannot be followed, since a browser sends none: what it leads to is saved as a file.
  const save = async (link) => {
    const content = await (await request(link.href)).blob();
    const address = URL.createObjectURL(content);
    element("a", { href: address, download: link.getAttribute("href").replaceAll("/", "-") }).click();
    URL.revokeObjectURL(address);
  };

  const complain = (error) => vikt.complain(byId("access-problem"), error.message);

  let again = null;
  const open = async (name) => {
    again = (await vikt.showPage(remote(name))) ?? again;
    vikt.complain(byId("access-problem"), "");
  };

  const askForToken = (isAsked) => {
    const form = byId("token-form");
    const isNew = isAsked && form.hidden;
    vikt.show(form, isAsked);
    if (isNew) byId("token").focus();
  };

  const start = async () => {
    const { models } = await answer("models");
    const chooser = byId("model");
    chooser.replaceChildren(...models.map(({ name }) => element("option", { value: name }, name)));
    vikt.show(byId("model-field"), models.length > 1);
    chooser.onchange = () => open(chooser.value).catch(complain);
    await open(models[0].name);
  };

  const access = () => {
    const field = element("input", { type: "password", id: "token", autocomplete: "off", required: true });
    const label = element("label", { htmlFor: "token" }, "Token of this service");
    const form = element(
      "form.field",
      { id: "token-form", hidden: true },
      label,
      field,
      element("button.main", "Continue"),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      token = field.value.trim();
      (again ? again() : start()).catch(complain);
    };
    const model = [element("label", { htmlFor: "model" }, "Model"), element("select", { id: "model" })];
    const chooser = element("span.field", { id: "model-field", hidden: true }, ...model);
    const problem = element("p.note.error", { id: "access-problem", hidden: true, aria: { role: "alert" } });
    byId("access").replaceChildren(chooser, form, problem);
  };

  access();
  byId("content").addEventListener("click", (event) => {
    const link = event.target.closest("#links a");
    if (!link || !token) return;
    event.preventDefault();
    save(link).catch(complain);
  });
  byId("privacy").textContent = "Texts are sent to this service alone, and are not stored by this page.";
  start().catch(complain);
})();
