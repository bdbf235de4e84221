import { COMMANDS } from "@tavernlink/client";
import { describe, expect, it } from "vitest";

import { HostError } from "../../src/host/failure.js";
import { TEXTS } from "../../src/panel/texts.js";
import { classify, Gatekeeper, type Reply, type Wish } from "../../src/permissions/gatekeeper.js";
import { Permissions } from "../../src/permissions/stored.js";

const DELETE = {
  name: "world.delete",
  args: { name: "Eldoria" },
  caller: "Bot (bots)",
  by: "k1.a1",
  destructive: true,
};

function place(reply: Reply = { answer: "allow", remember: "no" }) {
  const settings: Record<string, unknown> = {};
  const permissions = new Permissions({ all: () => settings, save: () => undefined });
  const asked: Wish[] = [];
  const here = { attended: true, reply };
  const gatekeeper = new Gatekeeper(
    permissions,
    (wish) => {
      asked.push(wish);
      return Promise.resolve(here.reply);
    },
    () => !here.attended,
    () => new Date(0),
  );
  const outcome = async (order: Parameters<Gatekeeper["permit"]>[0]): Promise<string> => {
    try {
      await gatekeeper.permit(order, new AbortController().signal);
      return "runs";
    } catch (thrown) {
      if (!(thrown instanceof HostError)) throw thrown;
      return `${thrown.code} ${String(thrown.details?.["by"])}`;
    }
  };
  return { settings, permissions, asked, here, outcome };
}

describe("a program's command", () => {
  it("runs unasked until the person wants it otherwise", async () => {
    const { outcome, asked } = place();
    expect(await outcome(DELETE)).toBe("runs");
    expect(asked).toEqual([]);
  });

  it("is asked for by class, and by its name before that", async () => {
    const { permissions, outcome, asked } = place();
    permissions.setPolicy("destructive", "ask");
    permissions.setPolicy("world.delete", "refuse");
    expect(await outcome(DELETE)).toBe("refused policy");
    permissions.setPolicy("world.delete", undefined);
    expect(await outcome(DELETE)).toBe("runs");
    expect(asked.map(({ caller, command, kind }) => [caller, command, kind])).toEqual([
      ["Bot (bots)", "world.delete", "destructive"],
    ]);
    expect(await outcome({ name: "world.list" })).toBe("runs");
  });

  it("cannot go round the question by the hub's older messages", async () => {
    const { permissions, outcome, asked } = place({ answer: "refuse", remember: "no" });
    permissions.setPolicy("message.delete", "ask");
    expect(await outcome({ name: "delete", args: { index: 1 } })).toBe("refused person");
    expect(asked[0]?.command).toBe("message.delete");
  });

  it("is not asked for again where the answer was to be remembered, for this caller alone", async () => {
    const { permissions, outcome, asked, here } = place({ answer: "allow", remember: "command" });
    permissions.setPolicy("destructive", "ask");
    expect(await outcome(DELETE)).toBe("runs");
    expect(await outcome(DELETE)).toBe("runs");
    expect(asked.length).toBe(1);
    // Under the same name by another key, it is somebody else; under another id of its own it is not.
    expect(await outcome({ ...DELETE, by: "k1.a2" })).toBe("runs");
    expect(asked.length).toBe(1);
    await outcome({ ...DELETE, by: "k2.a1" });
    expect(asked.length).toBe(2);
    here.reply = { answer: "refuse", remember: "class" };
    expect(await outcome({ ...DELETE, caller: "Other (bots)" })).toBe("refused person");
    expect(await outcome({ ...DELETE, name: "regex.delete", caller: "Other (bots)" })).toBe(
      "refused remembered",
    );
    expect(asked.length).toBe(3);
    for (const one of [...permissions.stored.remembered]) permissions.forget(one);
    here.reply = { answer: "timeout", remember: "no" };
    expect(await outcome(DELETE)).toBe("refused timeout");
  });

  it("that waits behind a question uses the answer that covers it", async () => {
    const { permissions, outcome, asked } = place({ answer: "allow", remember: "class" });
    permissions.setPolicy("destructive", "ask");
    expect(await Promise.all([outcome(DELETE), outcome(DELETE), outcome(DELETE)])).toEqual([
      "runs",
      "runs",
      "runs",
    ]);
    expect(asked.length).toBe(1);
  });

  it("gets the person's standing answer where nobody sits at the tab", async () => {
    const { permissions, outcome, asked, here } = place();
    permissions.setPolicy("destructive", "ask");
    here.attended = false;
    expect(await outcome(DELETE)).toBe("refused unattended");
    permissions.change({ unattended: "allow" });
    expect(await outcome(DELETE)).toBe("runs");
    expect(asked).toEqual([]);
  });
});

describe("kept permissions", () => {
  it("that are damaged open nothing", () => {
    const { settings, permissions } = place();
    settings["tavernlink"] = {
      permissions: {
        policies: { destructive: "sure" },
        scripts: { mode: "everything" },
        remembered: [{}, 3],
      },
    };
    const { policies, scripts, remembered, unattended } = permissions.stored;
    expect([policies, scripts.mode, remembered, unattended]).toEqual([
      { destructive: "ask" },
      "nothing",
      [],
      "refuse",
    ]);
  });
});

describe("the words of the question", () => {
  it("say what each destructive command does", () => {
    const destructive = Object.keys(COMMANDS).filter((name) => classify({ name })?.kind === "destructive");
    expect(destructive.filter((name) => !(`wants.${name}` in TEXTS))).toEqual([]);
  });
});
