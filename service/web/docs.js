// The description of every route, drawn by Swagger UI, which is loaded before.

const spec = await (await fetch("openapi.json")).json();
// What is served on another port cannot be tried out from this page.
const tried = spec["x-served-here"] === false ? { supportedSubmitMethods: [] } : {};

window.SwaggerUIBundle({ spec, dom_id: "#routes", deepLinking: true, validatorUrl: null, ...tried });
