/** The model's tools and the functions of this page, wired: what the composition root makes of these parts. */

import type {
  FunctionCancel,
  FunctionInvoke,
  FunctionProgress,
  FunctionResult,
  FunctionsChanged,
} from "@tavernlink/client";

import { Api } from "../api.js";
import { Calls } from "../functions/calls.js";
import { FunctionRegistry } from "../functions/registry.js";
import { context } from "../host/context.js";
import {
  attachToRound,
  interceptGenerations,
  registerTool,
  toolNames,
  unregisterTool,
} from "../host/function_tools.js";
import { uploadAttachments } from "../host/upload.js";
import type { Log } from "../log.js";
import type { Messages } from "../messages.js";
import type { TavernLine } from "../tavern.js";
import { ToolChoice } from "./choice.js";
import { ToolRound } from "./round.js";
import { Tools } from "./tools.js";

/** What the hub says about functions. */
export interface FunctionEvents {
  "function.invoke": FunctionInvoke;
  "function.cancel": FunctionCancel;
  "function.result": FunctionResult;
  "function.progress": FunctionProgress;
  "functions.changed": FunctionsChanged;
}

export interface FunctionParts {
  api: Api;
  calls: Calls;
  tools: Tools;
  choice: ToolChoice;
  round: ToolRound;
  /** A new session with the hub. */
  restart(): void;
  receive<Type extends keyof FunctionEvents>(type: Type, content: FunctionEvents[Type]): void;
}

export function openFunctions(
  line: TavernLine,
  messages: Messages,
  log: Log,
  home: { settings: () => Record<string, unknown>; id: () => string },
): FunctionParts {
  const calls = new Calls(line);
  const registry = new FunctionRegistry(line, (name, args, options) => calls.call(name, args, options), log);
  const choice = new ToolChoice({
    settings: home.settings,
    saveSettings: () => {
      context().saveSettingsDebounced();
    },
    metadata: () => (context().getCurrentChatId() === undefined ? undefined : context().chatMetadata),
    saveMetadata: () => {
      context().saveMetadataDebounced();
    },
    character: openCharacter,
  });
  const round = new ToolRound();
  const { eventSource, eventTypes } = context();
  round.listen(eventSource, eventTypes, attachToRound);
  interceptGenerations(() => round.takeStop());
  const shelf = { register: registerTool, unregister: unregisterTool, names: toolNames };
  const tools = new Tools(
    line,
    calls,
    shelf,
    choice,
    round,
    async (images) => {
      const files = images.map(({ mime, data, name }) => ({ type: mime, data, name }));
      return (await uploadAttachments(files)).map(({ url, title }) => ({ url, title: title ?? "" }));
    },
    log,
  );
  const report = (error: unknown): void => {
    log.add("error", "A listener of another extension failed", error);
  };
  const api = new Api({
    id: home.id,
    state: () => line.state,
    onState: (listener) => {
      line.onState(listener);
    },
    registry,
    calls,
    messages,
    tools,
    emit: (event, content) => {
      context().eventSource.emit(event, content).catch(report);
    },
    report,
  });
  const receivers: { [Type in keyof FunctionEvents]: (content: FunctionEvents[Type]) => void } = {
    "function.invoke": (invoke) => {
      api.receiveInvoke(invoke);
      registry.receiveInvoke(invoke);
    },
    "function.cancel": ({ call_id: id }) => {
      registry.receiveCancel(id);
    },
    "function.result": (result) => {
      calls.receiveResult(result);
    },
    "function.progress": (progress) => {
      calls.receiveProgress(progress);
    },
    "functions.changed": (changed) => {
      tools.receiveChanged(changed);
    },
  };
  return {
    api,
    calls,
    tools,
    choice,
    round,
    restart: () => {
      registry.restart();
      calls.restart();
      void tools.restart();
    },
    receive: (type, content) => {
      receivers[type](content);
    },
  };
}

function openCharacter(): { id: string; name: string } | undefined {
  const { groupId, groups, characterId, characters } = context();
  if (groupId !== undefined && groupId !== null && groupId !== "") {
    const group = groups.find(({ id }) => id === groupId);
    return { id: `group:${groupId}`, name: group?.name ?? groupId };
  }
  const character = characterId === undefined ? undefined : characters[Number(characterId)];
  return character === undefined ? undefined : { id: character.avatar, name: character.name };
}
