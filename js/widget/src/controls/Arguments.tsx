/** The arguments of an initializer, each with the control that fits it. */

import { useId } from "preact/hooks";
import type { Argument, Initializer } from "../../../shared/protocol";

interface ArgumentsProps {
  of: Initializer;
  typed: Record<string, string>;
  wrong: (name: string) => string;
  write: (name: string, text: string) => void;
}

export function Arguments({ of, typed, wrong, write }: ArgumentsProps) {
  if (!of.arguments.length) return null;
  return (
    <div class="arguments">
      {of.arguments.map((argument) => (
        <Field
          key={`${of.name} ${argument.name}`}
          argument={argument}
          text={typed[argument.name] ?? argument.default ?? ""}
          error={wrong(argument.name)}
          write={(text) => write(argument.name, text)}
        />
      ))}
    </div>
  );
}

interface FieldProps {
  argument: Argument;
  text: string;
  error: string;
  write: (text: string) => void;
}

function Field({ argument, text, error, write }: FieldProps) {
  const id = useId();
  const { name } = argument;
  const described = { "aria-describedby": error ? `${id}-error` : undefined };
  return (
    <div class={argument.type === "boolean" ? "argument boolean" : "argument"}>
      <label class="code" for={id}>
        {name}
      </label>
      {argument.type === "choice" && (
        <select
          {...described}
          class="field code"
          id={id}
          value={text}
          onChange={(event) => write(event.currentTarget.value)}
        >
          {argument.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      )}
      {argument.type === "boolean" && (
        <input
          {...described}
          type="checkbox"
          id={id}
          checked={text.toLowerCase() === "true"}
          onChange={(event) => write(String(event.currentTarget.checked))}
        />
      )}
      {argument.type !== "choice" && argument.type !== "boolean" && (
        <input
          {...described}
          class="field code"
          id={id}
          inputMode={argument.type === "text" || argument.type === "any" ? "text" : "decimal"}
          aria-invalid={!!error}
          aria-required={argument.default === null}
          placeholder={argument.default ?? "required"}
          value={text}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => write(event.currentTarget.value)}
        />
      )}
      {error && (
        <span class="error" id={`${id}-error`} role="alert">
          {error}
        </span>
      )}
    </div>
  );
}
