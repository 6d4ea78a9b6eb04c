const http = require("node:http");
const ms = require("ms");

const server = http.createServer((_, response) => response.end(`an hour is ${ms("1h")} ms\n`));
server.listen(process.env.PORT || 8080);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
