/** The composition root: every part is made here, once SillyTavern is ready, and handed what it needs. */

import { readBirthplace } from "./birthplace.js";
import { CommandRunner } from "./commands/runner.js";
import { commandNames, commandTable } from "./commands/table.js";
import { EventForward } from "./events/forward.js";
import { context } from "./host/context.js";
import { openHost } from "./host/host.js";
import { observeChat, observeGenerating, sillyTavernVersion } from "./host/page.js";
import { Identity } from "./identity.js";
import { Log } from "./log.js";
import { Messages } from "./messages.js";
import { Mirror } from "./mirror/mirror.js";
import { openPanel, type OpenedPanel } from "./panel/open.js";
import { Texts } from "./panel/texts.js";
import { pause } from "./pause.js";
import { readPinned } from "./pinned.js";
import { asker } from "./permissions/asker.js";
import { Gatekeeper } from "./permissions/gatekeeper.js";
import { Permissions } from "./permissions/stored.js";
import { openProfiles } from "./profiles/open.js";
import { Settings } from "./settings.js";
import { addCallCommand } from "./slash/call.js";
import { addConnectionCommands } from "./slash/connection.js";
import { StateReport } from "./state.js";
import { VisibleStreams } from "./streams/visible.js";
import { TavernLine } from "./tavern.js";
import { openFunctions } from "./tools/open.js";
import { Work } from "./work.js";

declare const __TAVERNLINK_VERSION__: string;

export async function startExtension(moduleUrl: string): Promise<void> {
  const log = new Log();
  const settings = new Settings(
    {
      all: () => context().extensionSettings,
      save: () => {
        context().saveSettingsDebounced();
      },
      session: sessionStorage,
    },
    await readBirthplace(moduleUrl, fetch),
  );
  const pinned = readPinned(localStorage);
  log.secrets = () => [settings.key, pinned?.key ?? ""];
  const host = await openHost();

  const line: TavernLine = new TavernLine(
    {
      restart: () => {
        events.want([]);
        work.restart();
        visible.restart();
        state.restart();
        mirror.restart();
        functions.restart();
        drawer?.panel.restart();
      },
      receiveCommand: (command) => {
        work.receiveCommand(command);
      },
      receiveCancel: (requestId) => {
        work.receiveCancel(requestId);
      },
      receiveWanted: (names) => {
        events.want(names);
      },
      receiveProfile: (changed) => {
        follow.receiveChanged(changed);
        void drawer?.profiles.refresh();
      },
      receiveFunction: (type, content) => {
        functions.receive(type, content);
      },
      receiveMessage: (message) => {
        messages.receive(message);
      },
    },
    log,
  );
  const messages = new Messages(line, (error) => {
    log.add("error", "A listener of another extension failed", error);
  });
  const functions = openFunctions(line, messages, log, {
    settings: () => settings.stored as unknown as Record<string, unknown>,
    id: () => (line.state.name === "online" ? line.state.welcome.id : id),
  });
  const visible = new VisibleStreams(context, line);
  const mirror = new Mirror({ read: context, growing: () => visible.growing, observeChat, pause }, line);
  const state = new StateReport(
    { read: context, generating: () => visible.running, server: () => host.server, pause },
    line,
  );
  const events = new EventForward(context, line);
  const shared = openProfiles(
    host,
    (type, content) => line.ask(type, content),
    (event) => drawer?.profiles.report(event),
  );
  const { profiles, follow } = shared;
  const texts = new Texts(translate);
  const permissions = new Permissions({
    all: () => context().extensionSettings,
    save: () => {
      context().saveSettingsDebounced();
    },
  });
  const gatekeeper = new Gatekeeper(permissions, asker(texts), () => pinned?.attended === false);
  const runner = new CommandRunner(commandTable(host, profiles), (order, signal) =>
    gatekeeper.permit(order, signal),
  );
  const work = new Work(
    {
      run: async (order, call) => {
        const outcome = await runner.run(order, call);
        await mirror.caughtUp();
        return outcome;
      },
    },
    visible,
    line,
    log,
  );

  visible.listen();
  mirror.listen();
  state.listen();
  visible.onChange(() => {
    state.look();
    if (!visible.running) mirror.look();
  });
  observeGenerating((generating) => {
    if (generating) return;
    visible.receiveIdle();
    functions.round.receiveIdle();
  });

  const identity = new Identity({
    local: localStorage,
    session: sessionStorage,
    locks: (navigator as Partial<Navigator>).locks,
    channel: typeof BroadcastChannel === "undefined" ? undefined : (name) => new BroadcastChannel(name),
  });
  const id = await identity.take();
  const defaultName = (): string => `SillyTavern ${location.host}`;
  const connect = (): void => {
    const { url, name } = pinned ?? settings.stored;
    line.connect({
      url,
      key: pinned?.key ?? settings.key,
      name: (name || defaultName()).slice(0, 200),
      id,
      versions: { extension: __TAVERNLINK_VERSION__, sillytavern: sillyTavernVersion() },
      commands: commandNames(),
      onReplaced: () => identity.replace(),
    });
  };

  const disconnect = (): void => {
    line.disconnect();
  };
  const tavernId = (): string => (line.state.name === "online" ? line.state.welcome.id : id);
  const drawer: OpenedPanel | undefined = await openPanel(moduleUrl, {
    settings,
    log,
    line,
    texts,
    permissions,
    functions,
    shared,
    actions: {
      connect,
      disconnect,
      retryNow: () => {
        line.retryNow();
      },
      pairing: { fetch: (input, init) => fetch(input, init), wait: waitFor, now: () => Date.now() },
      defaultName,
      pinned,
      extension: __TAVERNLINK_VERSION__,
      sillytavern: sillyTavernVersion(),
      id: tavernId,
    },
  });
  const slashCommands =
    addCallCommand(functions.calls, texts) &&
    addConnectionCommands({
      state: () => line.state,
      onState: (listener) => line.onState(listener),
      facts: () => {
        const { url, name } = pinned ?? settings.stored;
        return { hub: url, name: name || defaultName(), id: tavernId(), extension: __TAVERNLINK_VERSION__ };
      },
      hasKey: () => (pinned?.key ?? settings.key) !== "",
      pinned: pinned !== undefined,
      set: (change) => {
        settings.change(change);
        drawer?.panel.refill();
      },
      connect,
      disconnect,
      texts,
    });
  if (!slashCommands) log.add("warning", "This SillyTavern takes no slash commands: no /tavernlink-…");
  line.onState(({ name }) => {
    if (name === "online") void follow.catchUp();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") line.retryNow();
  });
  window.addEventListener("online", () => {
    line.retryNow();
  });
  log.add("info", `Tavernlink ${__TAVERNLINK_VERSION__} on SillyTavern ${sillyTavernVersion()}, ${id}`);
  // For a page's keeper, a person at the browser's console, other extensions and scripts.
  Object.assign(globalThis, { tavernlink: functions.api.view });
  functions.api.ready();
  if (pinned !== undefined || (settings.stored.autoConnect && settings.key !== "")) connect();
}

/** Resolves after the time, or at once when the signal is aborted. */
function waitFor(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function translate(text: string, key: string): string {
  return context().translate?.(text, key) ?? text;
}
