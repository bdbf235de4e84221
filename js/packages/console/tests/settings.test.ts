import { describe, expect, test } from "vitest";

import {
  boundsOf,
  changed,
  controlOf,
  inWords,
  textOf,
  valueOf,
  type Setting,
} from "../src/parts/settings.js";

const setting = (name: string, schema: Record<string, unknown>, wanted: unknown, more = {}): Setting => ({
  name,
  value: wanted,
  wanted,
  default: null,
  source: "default",
  live: true,
  restart_needed: false,
  editable: true,
  secret: false,
  group: "other",
  about: "",
  schema,
  ...more,
});
const PORT = setting("port", { type: "integer", minimum: 0, maximum: 65_535 }, 8_001);
const RATE = setting("app_rate", { type: "number", exclusiveMinimum: 0 }, 200);
const TLS = setting("tls", { type: "boolean" }, false);
const LEVEL = setting("log_level", { enum: ["debug", "info"] }, "info");
const URL = setting("database_url", { anyOf: [{ type: "string" }, { type: "null" }] }, null);
const NAMES = setting("tls_names", { type: "array", items: { type: "string" } }, ["a", "b"]);
const ROUTES = setting("routes", { type: "array", items: { type: "object" } }, []);
const SECRET = setting("tavern_password", { anyOf: [{ type: "string" }] }, "…", { secret: true });
const unit = (name: string): string => `${name}s`;

describe("a setting in its form", () => {
  test("has the control of its schema", () => {
    expect([PORT, TLS, LEVEL, URL, NAMES, ROUTES, SECRET].map(controlOf)).toEqual([
      "number",
      "yesno",
      "choice",
      "text",
      "lines",
      "shown",
      "secret",
    ]);
    expect(boundsOf(PORT)).toEqual({ min: 0, max: 65_535, step: 1 });
    expect(boundsOf(RATE)).toEqual({ min: 0, step: "any" });
  });

  test("comes out as it went in", () => {
    for (const each of [PORT, RATE, TLS, LEVEL, URL, NAMES])
      expect(valueOf(each, textOf(each))).toEqual(each.wanted);
  });

  test("is only written where it was changed", () => {
    const all = [PORT, RATE, TLS, LEVEL, URL, NAMES, ROUTES, SECRET];
    expect(changed(all, Object.fromEntries(all.map((each) => [each.name, textOf(each)])))).toEqual({});
    expect(changed(all, { port: "9000", tls: "true", tls_names: "c\n", routes: "[]" })).toEqual({
      port: 9_000,
      tls: true,
      tls_names: ["c"],
    });
    expect(changed(all, { port: "", tls_names: " " })).toEqual({ port: null, tls_names: null });
    expect(changed([{ ...PORT, editable: false }], { port: "1" })).toEqual({});
    expect(() => changed(all, { port: "many" })).toThrow(SyntaxError);
  });

  test("never shows a secret, and writes one only where it was typed", () => {
    expect(textOf(SECRET)).toBe("");
    expect(changed([SECRET], { tavern_password: "" })).toEqual({});
    expect(changed([SECRET], { tavern_password: "new" })).toEqual({ tavern_password: "new" });
  });

  test("says long times and sizes in words", () => {
    expect(inWords("max_payload", "16777216", unit)).toBe("16 MiB");
    expect(inWords("webhook_stop_seconds", "259200", unit)).toBe("3 days");
    expect(inWords("request_timeout", "300", unit)).toBe("5 minutes");
    expect(inWords("request_timeout", "90", unit)).toBe("");
    expect(inWords("queue_length", "100000", unit)).toBe("");
  });
});
