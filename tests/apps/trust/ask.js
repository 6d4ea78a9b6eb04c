// Asks a server with a private certificate, and says whether it is believed.
const fs = require("fs");
const https = require("https");

const options = { cert: fs.readFileSync("server.crt"), key: fs.readFileSync("server.key") };
const server = https.createServer(options, (request, response) => response.end("hello"));

exports.ask = () =>
  new Promise((resolve) => {
    server.listen(0, "localhost", () => {
      https
        .get({ host: "localhost", port: server.address().port }, () => resolve("believed"))
        .on("error", (error) => resolve(`not believed: ${error.code}`));
    });
  }).finally(() => server.close());

if (require.main === module) {
  exports.ask().then((answer) => console.log(`the build says: ${answer}`) || server.closeAllConnections());
}
