// The description of every route, drawn by Swagger UI, which is loaded before.

const spec = await (await fetch("openapi.json")).json();
// Behind a proxy that says nothing of its path, this page's own address tells it.
const root = new URL(".", document.baseURI).pathname.replace(/\/$/, "");
if (root && !spec.servers) spec.servers = [{ url: root }];
// What is served on another port cannot be tried out from this page.
const tried = spec["x-served-here"] === false ? { supportedSubmitMethods: [] } : {};

window.SwaggerUIBundle({ spec, dom_id: "#routes", deepLinking: true, validatorUrl: null, ...tried });
