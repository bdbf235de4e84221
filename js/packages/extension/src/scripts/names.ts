/**
 * What a script may do unless the person says otherwise: compute, and read what is open. Nothing that changes a chat or
 * a setting, shows something, generates, waits, reaches another server, or can hang the page (patterns that the caller
 * writes: /match, /replace, /test).
 */

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

export const HARMLESS_COMMANDS: readonly string[] = names(`
  abort add abs array-unwrap array-wrap break char-data char-find char-get checkpoint-get checkpoint-list
  checkpoint-parent closure-deserialize closure-serialize cos div expression-last expression-list
  extension-exists extension-state findentry fuzzy getcharbook getchatbook getchatname getentryfield getglobalbooks
  getglobalvar getpersonabook getvar if import is-mobile len let listinjects listvar log lower max
  member-count member-get messages min mod mul pass persona-get pow qr-get qr-list qr-set-list rand
  reasoning-format reasoning-get reasoning-parse regex-state round run sin sort sqrt sub substr   tag-exists tag-list times tokens trimend trimstart trimtokens upper var wi-get-timed-effect while
`);

/** They make a lorebook where there is none, by this argument or, the first one, unless it says no. */
export const MAKING_COMMANDS: Readonly<Record<string, "unless" | "if">> = {
  getchatbook: "unless",
  getcharbook: "if",
  getpersonabook: "if",
};

/** Macros that only say something. */
export const READING_MACROS: ReadonlySet<string> = new Set(
  names(`
    allchatrange char charcreatornotes chardepthprompt chardescription charfirstmessage charifnotgroup charinstruction
    charpersonality charprompt charscenario charversion comment creatornotes currentswipeid date datetimeformat
    description else firstdisplayedmessageid firstincludedmessageid getglobalvar getglobalvarindex getglobalvarkey
    getvar getvarindex getvarkey globalvarexists greeting group groupnotmuted hasextension hasglobalvar hasvar idle_duration
    idleduration if ismobile isodate isotime lastcharmessage lastgenerationtype lastmessage lastmessageid lastswipeid
    lastusermessage maxcontext maxcontexttokens maxprompt maxprompttokens maxresponse maxresponsetokens
    mesexamples mesexamplesraw model newline noop notchar original outlet persona personality pick random roll scenario
    space systemprompt time timediff trim user varexists weekday
    pipe var arg timesindex
  `),
);

/** Macros that do what a command does, and the command that must be allowed for them. */
export const ACTING_MACROS: Readonly<Record<string, string>> = {
  setvar: "setvar",
  setvarkey: "setvar",
  setvarindex: "setvar",
  addvar: "addvar",
  incvar: "incvar",
  decvar: "decvar",
  deletevar: "flushvar",
  flushvar: "flushvar",
  setglobalvar: "setglobalvar",
  setglobalvarkey: "setglobalvar",
  setglobalvarindex: "setglobalvar",
  addglobalvar: "addglobalvar",
  incglobalvar: "incglobalvar",
  decglobalvar: "decglobalvar",
  deleteglobalvar: "flushglobalvar",
  flushglobalvar: "flushglobalvar",
};

/** They hand out what must never leave this SillyTavern, or take its place: not even a person who allows all meant that. */
export const SECRET_COMMANDS: ReadonlySet<string> = new Set(["secret-read", "secret-find", "secret-get"]);

/** They run texts that nobody can look at before: a button by its number. */
export const BLIND_COMMANDS: ReadonlySet<string> = new Set(["qr"]);
