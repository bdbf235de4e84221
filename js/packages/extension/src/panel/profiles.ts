/** “Shared settings” in the drawer: the hub's profiles, and Compare, Publish, Undo, Follow. */

import type { ProfileInfo } from "@tavernlink/client";

import { errorInfo } from "../host/failure.js";
import type { NoticeKind } from "../host/popup.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";
import type { Follow, FollowEvent } from "../profiles/follow.js";
import { askWhatToApply, askWhatToPublish, type Confirm } from "../profiles/popups.js";
import type { Profiles } from "../profiles/profiles.js";

export interface ProfilesPage {
  confirm: Confirm;
  notify: (kind: NoticeKind, text: string) => void;
  log: (level: "info" | "warning" | "error", text: string) => void;
}

export class ProfilesPanel {
  private readonly select: HTMLSelectElement;
  private readonly follow: HTMLInputElement;
  private readonly status: HTMLElement;
  private known: ProfileInfo[] = [];
  private online = false;
  private busy = false;

  constructor(
    private readonly template: Template,
    private readonly profiles: Profiles,
    private readonly follower: Follow,
    private readonly texts: Texts,
    private readonly page: ProfilesPage,
  ) {
    this.select = this.template.select("profile");
    this.follow = this.template.input("follow");
    this.status = this.template.part("profiles");
    this.select.addEventListener("change", () => {
      this.draw();
    });
    this.follow.addEventListener("change", () => {
      const { checked } = this.follow;
      void this.run(() => this.switchFollow(checked));
    });
    const press = (id: string, work: () => Promise<void>): void => {
      this.template.id(id).addEventListener("click", () => {
        void this.run(work);
      });
    };
    press("pull", () => this.pull());
    press("publish", () => this.publish());
    press("undo", () => this.undo());
    this.draw();
  }

  setOnline(online: boolean): void {
    if (online === this.online) return;
    this.online = online;
    if (online) void this.refresh();
    else this.draw();
  }

  /** The hub's list may have changed. */
  async refresh(): Promise<void> {
    try {
      this.known = await this.profiles.list();
    } catch (error) {
      this.page.log("warning", `Profiles: ${errorInfo(error).message}`);
    }
    this.draw();
  }

  /** What following did by itself. */
  report(event: FollowEvent): void {
    const { texts } = this;
    switch (event.name) {
      case "applied": {
        const { profile, applied, version } = event.done;
        this.tell("success", texts.say("profiles.applied", profile, applied.length, version));
        break;
      }
      case "held": {
        const { profile, version, changes } = event.done;
        const held = changes.filter((change) => change.held !== undefined).length;
        this.tell("warning", texts.say("profiles.held", profile, version, held));
        break;
      }
      case "deleted":
        this.tell("warning", texts.say("profiles.deleted", event.profile));
        break;
      case "failed":
        this.fail(event.error, event.profile);
        break;
    }
  }

  private get chosen(): string {
    return this.select.value;
  }

  private draw(): void {
    const before = this.chosen;
    const names = new Set(this.known.map(({ profile }) => profile));
    const options = this.known.map(
      ({ profile, version, author }) =>
        new Option(this.texts.say("profiles.option", profile, version, author), profile),
    );
    // One that is followed can be let go though the hub has it no more.
    for (const profile of this.profiles.memory.now.following)
      if (!names.has(profile)) options.push(new Option(profile, profile));
    if (options.length === 0) options.push(new Option(this.texts.say("profiles.none"), ""));
    this.select.replaceChildren(...options);
    if (options.some(({ value }) => value === before)) this.select.value = before;
    this.follow.checked = this.profiles.memory.follows(this.chosen);
    this.follow.disabled = this.chosen === "" || this.busy;
    const enable = (id: string, on: boolean): void => {
      this.template.button(id).disabled = this.busy || !on;
    };
    enable("pull", this.online && names.has(this.chosen));
    enable("publish", this.online);
    enable(
      "undo",
      this.profiles.backups.list.some(({ reason }) => reason === "apply"),
    );
    const offline = this.texts.say("profiles.offline");
    if (!this.online && this.known.length === 0) this.status.textContent = offline;
    else if (this.status.textContent === offline) this.status.textContent = "";
  }

  private async pull(): Promise<void> {
    const profile = this.chosen;
    const { texts } = this;
    const done = await this.profiles.apply(profile, {
      choose: (changes, info) =>
        changes.length === 0
          ? Promise.resolve(new Set())
          : askWhatToApply(changes, info, texts, this.page.confirm),
    });
    if (done.changes.length === 0) this.tell("info", texts.say("profiles.equal", profile));
    else if (done.applied.length > 0)
      this.tell("success", texts.say("profiles.applied", profile, done.applied.length, done.version));
  }

  private async publish(): Promise<void> {
    const { texts } = this;
    const offered = await this.profiles.offered();
    const wanted = await askWhatToPublish(offered, this.chosen, texts, this.page.confirm);
    if (wanted === undefined) return;
    const { profile, note, items } = wanted;
    if (profile === "" || items.length === 0) {
      this.tell("warning", texts.say("profiles.choose"));
      return;
    }
    const info = await this.profiles.publish(profile, { items }, note);
    await this.refresh();
    this.select.value = profile;
    this.tell("success", texts.say("profiles.published", profile, info.version, info.items));
  }

  private async undo(): Promise<void> {
    const { texts } = this;
    const entry = this.profiles.backups.list.find(({ reason }) => reason === "apply");
    if (entry === undefined) {
      this.tell("info", texts.say("profiles.no_backup"));
      return;
    }
    const time = new Date(entry.time).toLocaleString();
    const question = document.createElement("p");
    question.textContent = texts.say("profiles.undo_title", entry.profile, entry.version, time, entry.items);
    if (!(await this.page.confirm(question, texts.say("profiles.undo_ok"), texts.say("profiles.cancel"))))
      return;
    const { restored } = await this.profiles.undo(entry.id);
    this.tell("success", texts.say("profiles.undone", restored.length));
  }

  private async switchFollow(checked: boolean): Promise<void> {
    const profile = this.chosen;
    await this.profiles.memory.follow(profile, checked);
    if (checked && this.online) this.follower.start(profile);
  }

  private async run(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.status.textContent = "";
    this.draw();
    try {
      await work();
    } catch (error) {
      this.fail(error, this.chosen);
    } finally {
      this.busy = false;
      this.draw();
    }
  }

  private fail(error: unknown, profile: string): void {
    const { code, message } = errorInfo(error);
    this.tell("error", this.texts.say("profiles.failed", profile, this.texts.error(code, message)));
  }

  private tell(kind: NoticeKind, text: string): void {
    this.status.textContent = text;
    this.page.notify(kind, text);
    this.page.log(kind === "error" || kind === "warning" ? kind : "info", text);
    this.draw();
  }
}
