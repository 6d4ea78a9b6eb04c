import { createServer } from "node:http";
import { getHeapStatistics } from "node:v8";

const server = createServer((_, response) => {
  response.end(
    JSON.stringify({
      environment: process.env.NODE_ENV,
      heap: Math.round(getHeapStatistics().heap_size_limit / 1048576),
      uid: process.getuid?.(),
      version: process.env.npm_package_version,
    }),
  );
});

process.on("SIGTERM", () => {
  console.log("SIGTERM received");
  server.close();
});

server.listen(Number(process.env.PORT ?? 8080));
