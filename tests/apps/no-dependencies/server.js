const http = require('node:http');

const server = http.createServer((request, response) => {
  response.end(`hello from ${process.version}\n`);
});
server.listen(process.env.PORT || 8080);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
