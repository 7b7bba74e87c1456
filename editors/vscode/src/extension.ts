// Starts `cnnsum server` and lets it answer. All that is known of specs is known there; this knows VS Code alone.

import { commands, type ExtensionContext, type OutputChannel, window, workspace } from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const output = window.createOutputChannel("cnnsum");
  context.subscriptions.push(
    output,
    commands.registerCommand("cnnsum.restart", () => restart(output)),
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("cnnsum")) {
        await restart(output);
      }
    }),
  );
  await start(output);
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function restart(output: OutputChannel): Promise<void> {
  await stop();
  await start(output);
}

async function stop(): Promise<void> {
  const ending = client;
  client = undefined;
  // A server that could not be started cannot be stopped.
  if (ending?.isRunning()) {
    await ending.stop();
  }
}

async function start(output: OutputChannel): Promise<void> {
  const settings = workspace.getConfiguration("cnnsum");
  const [command, ...args] = settings.get<string[]>("command", ["cnnsum", "server"]);
  if (!command) {
    return;
  }
  const server: ServerOptions = { command, args };
  const files = settings.get<string[]>("files", ["**/*.{yaml,yml,json,cfg}"]);
  const options: LanguageClientOptions = {
    documentSelector: [
      ...files.map((pattern) => ({ scheme: "file", pattern })),
      { scheme: "untitled", language: "yaml" },
      { scheme: "untitled", language: "json" },
    ],
    outputChannel: output,
    synchronize: { fileEvents: workspace.createFileSystemWatcher("**/{cnnsum.toml,pyproject.toml,*.yaml,*.yml}") },
  };
  const starting = new LanguageClient("cnnsum", "cnnsum", server, options);
  client = starting;
  try {
    await starting.start();
  } catch (error) {
    output.appendLine(String(error));
    const install = "pip install 'cnnsum[server]'";
    const choice = await window.showErrorMessage(
      `cnnsum: the server cannot be started with \`${[command, ...args].join(" ")}\`. Install it (${install}), or say in the settings where it is.`,
      "Settings",
    );
    if (choice === "Settings") {
      await commands.executeCommand("workbench.action.openSettings", "cnnsum.command");
    }
  }
}
