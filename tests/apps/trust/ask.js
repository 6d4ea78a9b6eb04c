// Asks a server with a private certificate, and says whether it is believed.
const fs = require("fs");
const https = require("https");
const { execFile } = require("child_process");

const options = { cert: fs.readFileSync("server.crt"), key: fs.readFileSync("server.key") };
const server = https.createServer(options, (request, response) => response.end("hello"));

const withNode = (port) =>
  new Promise((resolve) => {
    https
      .get({ host: "localhost", port }, () => resolve("believed"))
      .on("error", (error) => resolve(`not believed: ${error.code}`));
  });

const withCurl = (port) =>
  new Promise((resolve) => {
    execFile("curl", ["--silent", `https://localhost:${port}/`], (error, answer) => {
      if (error?.code === "ENOENT") return resolve("there is none");
      resolve(answer === "hello" ? "believed" : `not believed: ${error?.code}`);
    });
  });

const asked = (client) =>
  new Promise((resolve) => server.listen(0, "localhost", resolve))
    .then(() => client(server.address().port))
    .finally(() => {
      server.close();
      server.closeAllConnections();
    });

exports.ask = () => asked(withNode);
exports.askWithCurl = () => asked(withCurl);

if (require.main === module) {
  exports
    .ask()
    .then((answer) => console.log(`the build says: ${answer}`))
    .then(exports.askWithCurl)
    .then((answer) => console.log(`curl says: ${answer}`));
}
