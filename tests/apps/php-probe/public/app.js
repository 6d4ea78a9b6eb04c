console.log("kept apart");
