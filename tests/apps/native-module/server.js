const http = require('http')
const hour = require('./build/Release/hour.node')

const server = http.createServer((_, answer) => answer.end(`an hour is ${hour()} ms\n`))
server.listen(process.env.PORT || 8080)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
