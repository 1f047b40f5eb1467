// Lists and calls every tool through the TypeScript SDK over all three transports:
//   node clients.cjs FOLDER_WITH_NODE_MODULES '{"url", "command", "questions": {tool: arguments}}'
// Prints {transport: {tools: [name], answers: {tool: structuredContent}}}; the SDK checks answers against schemas.
const {createRequire} = require("node:module");
const load = createRequire(`${process.argv[2]}/`);
const {Client} = load("@modelcontextprotocol/sdk/client/index.js");
const {StreamableHTTPClientTransport} = load("@modelcontextprotocol/sdk/client/streamableHttp.js");
const {SSEClientTransport} = load("@modelcontextprotocol/sdk/client/sse.js");
const {StdioClientTransport} = load("@modelcontextprotocol/sdk/client/stdio.js");

const {url, command, questions} = JSON.parse(process.argv[3]);
const transports = {
  http: () => new StreamableHTTPClientTransport(new URL(`${url}/mcp`)),
  sse: () => new SSEClientTransport(new URL(`${url}/sse`)),
  stdio: () => new StdioClientTransport({command: command[0], args: command.slice(1), stderr: "ignore"}),
};

async function ask(transport) {
  const client = new Client({name: "test", version: "1"});
  await client.connect(transport());
  const {tools} = await client.listTools();
  const answers = {};
  for (const [name, asked] of Object.entries(questions)) {
    const answer = await client.callTool({name, arguments: asked});
    const text = answer.content[0].text;
    if (answer.isError || JSON.stringify(JSON.parse(text)) !== JSON.stringify(answer.structuredContent)) throw new Error(`${name}: ${text}`);
    answers[name] = answer.structuredContent;
  }
  await client.close();
  return {tools: tools.map((tool) => tool.name), answers};
}

async function main() {
  const found = {};
  for (const [name, transport] of Object.entries(transports)) found[name] = await ask(transport);
  await new Promise((written) => process.stdout.write(JSON.stringify(found), written));
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
