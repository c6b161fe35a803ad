// Fetches one image with npm's tuf-js, unmodified: node client.mjs METADATA_URL TARGETS_URL FOLDER PATH
// FOLDER/root.json is the trusted root. Prints {"file": ...} or {"refused": error name, "because": message}.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Updater } from "tuf-js";

const [metadataBaseUrl, targetBaseUrl, folder, path] = process.argv.slice(2);
const targetDir = join(folder, "images");
mkdirSync(targetDir, { recursive: true });

async function fetchImage() {
  const config = { fetchRetry: 0, fetchTimeout: 10000 };
  const updater = new Updater({ metadataBaseUrl, metadataDir: folder, targetBaseUrl, targetDir, config });
  await updater.refresh();
  const found = await updater.getTargetInfo(path);
  if (found === undefined) {
    return { refused: "NotFound", because: `no ${path}` };
  }
  return { file: await updater.downloadTarget(found) };
}

fetchImage()
  .catch((error) => ({ refused: error.constructor.name, because: error.message }))
  .then((told) => console.log(JSON.stringify(told)));
