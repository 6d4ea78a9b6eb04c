const http = require("node:http");
const greet = require("greet");

const server = http.createServer((_, response) => response.end(`${greet()}\n`));
server.listen(process.env.PORT || 8080);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
