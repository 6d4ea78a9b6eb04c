// Renders every page to HTML. Runs when the image is built.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { marked } from "marked";

await mkdir("dist", { recursive: true });
for (const name of await readdir("pages")) {
  const body = await marked.parse(await readFile(`pages/${name}`, "utf8"));
  const file = `dist/${name.replace(/\.md$/, ".html")}`;
  await writeFile(file, `<!doctype html>\n<meta charset="utf-8">\n<title>Kouti</title>\n${body}`);
  console.log(`rendered ${file}`);
}
