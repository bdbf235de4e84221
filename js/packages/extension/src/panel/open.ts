/** Puts the drawer into the page, with what its parts are about, and keeps it told. */

import type { ConnectionState } from "@tavernlink/client";

import { toolCalling } from "../host/function_tools.js";
import { context } from "../host/context.js";
import { isCopied } from "../host/installation.js";
import { extensionFolder, openExtensionManager, settingsColumn } from "../host/page.js";
import { confirmWith, notify } from "../host/popup.js";
import type { Log } from "../log.js";
import type { Permissions } from "../permissions/stored.js";
import type { OpenedProfiles } from "../profiles/open.js";
import { findObstacle } from "../reach.js";
import type { Settings } from "../settings.js";
import type { TavernLine } from "../tavern.js";
import type { FunctionParts } from "../tools/open.js";
import { Panel, type PanelActions } from "./panel.js";
import { PermissionsPanel } from "./permissions.js";
import { ProfilesPanel } from "./profiles.js";
import { PageSight } from "./sight.js";
import { Template } from "./template.js";
import type { Texts } from "./texts.js";
import { ToolsPanel } from "./tools.js";

export interface PanelParts {
  settings: Settings;
  log: Log;
  line: TavernLine;
  texts: Texts;
  permissions: Permissions;
  functions: FunctionParts;
  shared: OpenedProfiles;
  actions: Omit<PanelActions, "manage" | "isCopied">;
}

export interface OpenedPanel {
  panel: Panel;
  profiles: ProfilesPanel;
}

/** Undefined: this SillyTavern has no place for drawers. */
export async function openPanel(moduleUrl: string, parts: PanelParts): Promise<OpenedPanel | undefined> {
  const { settings, log, line, texts, permissions, functions, shared } = parts;
  const html = await context().renderExtensionTemplateAsync(extensionFolder(moduleUrl), "panel");
  const column = settingsColumn();
  if (column === null) return undefined;
  const made = document.createElement("template");
  made.innerHTML = html;
  column.append(made.content);
  const root = column.querySelector<HTMLElement>("#tavernlink_panel");
  if (root === null) return undefined;
  const template = new Template(root);
  const sight = new PageSight();
  const actions: PanelActions = {
    ...parts.actions,
    manage: openExtensionManager,
    isCopied: () => isCopied(extensionFolder(moduleUrl), (input, init) => fetch(input, init)),
  };
  const panel = new Panel({ template, settings, log, line, texts, sight }, actions);
  new PermissionsPanel(template, permissions, texts);
  const profiles = new ProfilesPanel(template, shared.profiles, shared.follow, texts, {
    confirm: confirmWith,
    notify,
    log: (level, text) => {
      log.add(level, text);
    },
  });
  const tools = new ToolsPanel(template, functions.tools, functions.choice, texts, sight, {
    online: () => line.state.name === "online",
    calling: toolCalling,
  });
  const { eventSource, eventTypes } = context();
  eventSource.on(eventTypes["CHAT_CHANGED"] ?? "chat_id_changed", () => {
    tools.draw();
  });
  line.onState(({ name }) => {
    tools.draw();
    profiles.setOnline(name === "online");
  });
  lookForObstacles(panel, line, log, () => (actions.pinned ?? settings.stored).url);
  return { panel, profiles };
}

/** Where the hub stays out of reach, finds out once why the browser keeps it so. */
function lookForObstacles(panel: Panel, line: TavernLine, log: Log, address: () => string): void {
  let unreachable = false;
  const isOut = (state: ConnectionState): boolean =>
    state.name === "connecting" ? unreachable : state.name === "waiting" && state.code === "unreachable";
  line.onState((state) => {
    const before = unreachable;
    unreachable = isOut(state);
    if (!unreachable) panel.explain(undefined);
    else if (!before)
      void findObstacle(address(), location, fetch).then((obstacle) => {
        if (!unreachable || obstacle === undefined) return;
        panel.explain(obstacle);
        log.add(
          "warning",
          obstacle === "mixed" ? "HTTPS page, plain HTTP hub" : `The hub refuses ${location.origin}`,
        );
      });
  });
}
