/**
 * The drawer among SillyTavern's extensions: each part of it is a file of this folder, made here. What a part keeps, it
 * keeps always; what it draws, it draws while somebody looks (`sight.ts`), and only where something changed.
 */

import type { ConnectionState } from "@tavernlink/client";

import type { Log } from "../log.js";
import type { Obstacle } from "../reach.js";
import type { Settings } from "../settings.js";
import { ConnectionView, type ConnectionActions } from "./connection.js";
import type { PanelLine } from "./line.js";
import { LogView } from "./log.js";
import { QueueView } from "./queue.js";
import { RoomsView } from "./rooms.js";
import type { Sight } from "./sight.js";
import { StatusView } from "./status.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";
import { VersionsView, type VersionsPage } from "./versions.js";

export interface PanelActions extends ConnectionActions, Omit<VersionsPage, "address"> {
  retryNow: () => void;
}

export interface PanelDeps {
  template: Template;
  settings: Settings;
  log: Log;
  line: PanelLine;
  texts: Texts;
  sight: Sight;
}

export class Panel {
  private readonly status: StatusView;
  private readonly connection: ConnectionView;
  private readonly queue: QueueView;

  constructor({ template, settings, log, line, texts, sight }: PanelDeps, actions: PanelActions) {
    const { pinned } = actions;
    const address = (): string => (pinned ?? settings.stored).url;
    this.status = new StatusView(template, texts, {
      name: () => (pinned ?? settings.stored).name || actions.defaultName(),
      retryNow: actions.retryNow,
    });
    this.connection = new ConnectionView(template, settings, texts, actions);
    this.queue = new QueueView(template, line, texts, sight);
    new RoomsView(template, line, texts, sight);
    new VersionsView(template, line, texts, { ...actions, address });
    new LogView(template, log, texts, sight, {
      head: () =>
        [
          `Tavernlink ${actions.extension}, SillyTavern ${actions.sillytavern}, ${actions.id()}`,
          `${line.state.name}, ${address()}, ${navigator.userAgent}`,
        ].join("\n"),
      level: () => settings.stored.logLevel,
      setLevel: (logLevel) => {
        settings.change({ logLevel });
      },
    });
    line.onState((state) => {
      this.show(state);
    });
    this.show(line.state);
  }

  /** What was found out about why the hub cannot be reached. */
  explain(obstacle: Obstacle | undefined): void {
    this.status.explain(obstacle);
  }

  /** Address, key or name were changed elsewhere. */
  refill(): void {
    this.connection.fill();
  }

  /** A new session with the hub. */
  restart(): void {
    this.queue.restart();
  }

  private show(state: ConnectionState): void {
    this.status.show(state);
    this.connection.show(state);
  }
}
