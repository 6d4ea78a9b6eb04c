document.getElementById('path').textContent = `You are at ${location.pathname}`;
