const http = require("http");
const { ask, askWithCurl } = require("./ask.js");

ask().then(async (answer) => {
  const curl = await askWithCurl();
  const pick = (request) => (request.url === "/curl" ? curl : answer);
  http.createServer((request, response) => response.end(pick(request))).listen(8080);
});
