console.log(`working as ${process.getuid?.()} with ${process.argv.slice(2).join(" ")}`);
setInterval(() => {}, 1000);
