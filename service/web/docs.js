// The description of every route, drawn by Swagger UI, which is loaded before.

window.SwaggerUIBundle({ url: "openapi.json", dom_id: "#routes", deepLinking: true, validatorUrl: null });
