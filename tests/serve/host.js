// A host of MCP Apps made of the official bridge: `show` calls a tool and opens its panel. Bundled by esbuild.
import { AppBridge, getToolUiResourceUri, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const APPS = { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } };
// what the specification allows a panel that asks for nothing
const POLICY = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

const client = new Client({ name: "host", version: "1" }, { capabilities: { extensions: APPS } });
await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", location.href)));
const { tools } = await client.listTools();
const state = { tools: tools.map((each) => each.name), told: [], sizes: [] };
window.state = state;
addEventListener("securitypolicyviolation", (event) => state.told.push(`policy ${event.violatedDirective}`));

window.show = async (name, given, context, can = { serverTools: {} }) => {
  const uri = getToolUiResourceUri(tools.find((each) => each.name === name));
  const { contents: [page] } = await client.readResource({ uri });
  state.page = { mime: page.mimeType, bytes: new TextEncoder().encode(page.text).length };
  document.querySelector("iframe")?.remove();
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
  frame.style.cssText = "width: 100%; height: 860px; border: 0";
  document.body.append(frame);
  const bridge = new AppBridge(client, { name: "host", version: "1" }, can, { hostContext: context });
  const ready = new Promise((done) => bridge.addEventListener("initialized", done));
  bridge.addEventListener("sizechange", ({ height }) => state.sizes.push(height));
  bridge.onrequestdisplaymode = async ({ mode }) => {
    bridge.setHostContext({ ...context, displayMode: mode });
    return { mode };
  };
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  const policy = `<head><meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  frame.srcdoc = page.text.replace("<head>", policy);
  await ready;
  await bridge.sendToolInput({ arguments: given });
  const answer = await client.callTool({ name, arguments: given });
  state.answer = answer.structuredContent;
  await bridge.sendToolResult(answer);
  window.bridge = bridge;
  return true;
};
state.ready = true;
