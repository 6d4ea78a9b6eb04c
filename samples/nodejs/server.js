// Serves the rendered pages.
import express from "express";

const app = express();
app.disable("x-powered-by");
app.use(express.static("dist"));
app.get("/health", (_request, response) => response.json({ status: "ok", node: process.version }));

const port = process.env.PORT ?? 8080;
const server = app.listen(port, () => console.log(`listening on port ${port}`));

// A platform asks a container to stop with SIGTERM: finish what has begun, then go.
process.on("SIGTERM", () => {
  console.log("stopping");
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
