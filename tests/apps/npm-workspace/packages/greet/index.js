const ms = require("ms");

module.exports = () => `an hour is ${ms("1h")} ms`;
