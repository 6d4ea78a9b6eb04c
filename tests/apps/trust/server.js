const http = require("http");
const { ask } = require("./ask.js");

ask().then((answer) => http.createServer((_, response) => response.end(answer)).listen(8080));
