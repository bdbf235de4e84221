/** The composition root: every part is made here, once SillyTavern is ready, and handed what it needs. */

import { readBirthplace } from "./birthplace.js";
import { CommandRunner } from "./commands/runner.js";
import { commandNames, commandTable } from "./commands/table.js";
import { EventForward } from "./events/forward.js";
import { context } from "./host/context.js";
import { openHost } from "./host/host.js";
import {
  extensionFolder,
  observeChat,
  observeGenerating,
  settingsColumn,
  sillyTavernVersion,
} from "./host/page.js";
import { Identity } from "./identity.js";
import { Log } from "./log.js";
import { Messages } from "./messages.js";
import { Mirror } from "./mirror/mirror.js";
import { Panel } from "./panel/panel.js";
import { Texts } from "./panel/texts.js";
import { confirmWith, notify } from "./host/popup.js";
import { pause } from "./pause.js";
import { readPinned } from "./pinned.js";
import { asker } from "./permissions/asker.js";
import { Gatekeeper } from "./permissions/gatekeeper.js";
import { PermissionsPanel } from "./permissions/panel.js";
import { Permissions } from "./permissions/stored.js";
import { openProfiles } from "./profiles/open.js";
import { ProfilesPanel } from "./profiles/panel.js";
import { findObstacle, type Obstacle } from "./reach.js";
import { Settings } from "./settings.js";
import { StateReport } from "./state.js";
import { VisibleStreams } from "./streams/visible.js";
import { TavernLine } from "./tavern.js";
import { openFunctions } from "./tools/open.js";
import { ToolsPanel } from "./tools/panel.js";
import { toolCalling } from "./host/function_tools.js";
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
        void profilesPanel?.refresh();
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
  let profilesPanel: ProfilesPanel | undefined;
  const { profiles, follow } = openProfiles(
    host,
    (type, content) => line.ask(type, content),
    (event) => profilesPanel?.report(event),
  );
  const permissions = new Permissions({
    all: () => context().extensionSettings,
    save: () => {
      context().saveSettingsDebounced();
    },
  });
  const gatekeeper = new Gatekeeper(
    permissions,
    asker(new Texts(translate)),
    () => pinned?.attended === false,
  );
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

  const root = await openPanel(moduleUrl, settings, log, line, {
    connect,
    disconnect: () => {
      line.disconnect();
    },
    pairing: {
      fetch: (input, init) => fetch(input, init),
      wait: (seconds, signal) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, seconds * 1000);
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve();
          });
        }),
      now: () => Date.now(),
    },
    defaultName,
    pinned,
  });
  if (root !== undefined) {
    const texts = new Texts(translate);
    new PermissionsPanel(root, permissions, texts);
    profilesPanel = new ProfilesPanel(root, profiles, follow, texts, {
      confirm: confirmWith,
      notify,
      log: (level, text) => {
        log.add(level, text);
      },
    });
  }
  const toolsPanel =
    root === undefined
      ? undefined
      : new ToolsPanel(root, functions.tools, functions.choice, new Texts(translate), {
          online: () => line.state.name === "online",
          calling: toolCalling,
        });
  const { eventSource, eventTypes } = context();
  eventSource.on(eventTypes["CHAT_CHANGED"] ?? "chat_id_changed", () => toolsPanel?.draw());
  line.onState(({ name }) => {
    toolsPanel?.draw();
    profilesPanel?.setOnline(name === "online");
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

async function openPanel(
  moduleUrl: string,
  settings: Settings,
  log: Log,
  line: TavernLine,
  actions: ConstructorParameters<typeof Panel>[4],
): Promise<HTMLElement | undefined> {
  const html = await context().renderExtensionTemplateAsync(extensionFolder(moduleUrl), "panel");
  const column = settingsColumn();
  if (column === null) return undefined;
  const template = document.createElement("template");
  template.innerHTML = html;
  column.append(template.content);
  const root = column.querySelector<HTMLElement>("#tavernlink_panel");
  if (root === null) return undefined;
  const texts = new Texts(translate);
  const panel = new Panel(root, settings, log, texts, actions);
  let unreachable = false;
  line.onState((state) => {
    panel.show(state);
    const before = unreachable;
    if (state.name !== "connecting") unreachable = state.name === "waiting" && state.code === "unreachable";
    if (!unreachable) panel.explain(undefined);
    else if (!before)
      void findObstacle((actions.pinned ?? settings.stored).url, location, fetch).then(explain);
  });
  const explain = (obstacle: Obstacle | undefined): void => {
    if (!unreachable || obstacle === undefined) return;
    panel.explain(obstacle);
    log.add(
      "warning",
      obstacle === "mixed" ? "HTTPS page, plain HTTP hub" : `The hub refuses ${location.origin}`,
    );
  };
  return root;
}

function translate(text: string, key: string): string {
  return context().translate?.(text, key) ?? text;
}
