#!/usr/bin/env python3
"""Writes template_goldens.json: what Jinja2, set up as Hugging Face does, makes of templates.

    python3 -m venv v && v/bin/pip install jinja2==3.1.6
    v/bin/python make_template_goldens.py > template_goldens.json

Each entry: template, variables, and either text or error (true: Jinja2 raises). The templates are written for
this test, in the styles that published models use.
"""
import json
from datetime import datetime

from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime(2024, 7, 26, 15, 4, 5)  # ChatTemplateTest.cpp has it too


class Generation(Extension):
    """{% generation %} ... {% endgeneration %} without any effect on the text."""

    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def environment():
    def raise_exception(message):
        raise TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda form: NOW.strftime(form)
    return env


CHATML = """{% for message in messages %}
{% if loop.first and message.role != 'system' %}
{{ '<|im_start|>system\\nBe helpful.<|im_end|>\\n' }}
{%- endif %}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}
{%- endfor %}
{% if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' -}}
{% endif %}
"""

LLAMA2 = """{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}{% set system = messages[0]['content'] %}
{% else %}{% set turns = messages %}{% set system = false %}{% endif %}
{% for m in turns %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('turns must alternate between user and assistant') }}{% endif %}
{% if loop.index0 == 0 and system != false %}{% set text = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + m['content'] %}
{% else %}{% set text = m['content'] %}{% endif %}
{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + text.strip() + ' [/INST]' }}
{% elif m['role'] == 'assistant' %}{{ ' ' ~ text|trim ~ ' ' ~ eos_token }}{% endif %}{% endfor %}"""

LLAMA3 = """{{- bos_token }}
{%- if not date is defined %}{% set date = strftime_now("%d %b %Y") %}{% endif %}
{%- if messages[0].role == "system" %}
    {%- set system = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}{{- "Environment: ipython\\n" }}{% endif %}
{{- "Today: " + date + "\\n\\n" -}}
{%- if tools is not none and tools | length > 0 %}
    {{- "Functions:\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system + "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("only one call at once") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + call.name + '", "parameters": ' }}{{- call.arguments | tojson }}{{- "}<|eot_id|>" }}
    {%- else %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}
        {%- else %}{{- message.content }}{%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
"""

GEMMA = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}{%- set prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}{%- set prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}{%- endif -%}
    {%- set rest = messages[1:] -%}
{%- else -%}{%- set prefix = "" -%}{%- set rest = messages -%}{%- endif -%}
{%- for message in rest if message.role in ['user', 'assistant'] -%}
    {%- if (message['role'] == 'assistant') -%}{%- set role = "model" -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for part in message['content'] -%}
            {%- if part['type'] == 'image' -%}{{ '<image>' }}{%- elif part['type'] == 'text' -%}{{ part['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}{{ raise_exception("bad content") }}{%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{'<start_of_turn>model\\n'}}{%- endif -%}
"""

MISTRAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace(index=0) %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}{{- raise_exception("roles must alternate") }}{%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}{{- '"' + key + '": "' + val + '"' }}
                    {%- else %}{{- '"' + key + '": ' + val|tojson }}{%- endif %}
                    {%- if not loop.last %}{{- ", " }}{%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}{{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}{{- "[INST] " + message["content"] + "[/INST]" }}{%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {{- ', "id": "' + (tool_call.id | default("abcdefghi")) + '"}' }}
            {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}{{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool" %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content|string + "}[/TOOL_RESULTS]" }}
    {%- else %}{{- raise_exception("unknown role " + message.role) }}{%- endif %}
{%- endfor %}
"""

QWEN = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
    {{- "# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}{%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if message.reasoning_content is string %}{%- set reasoning = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or (not loop.last and reasoning)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}{{- '<|im_start|>' + message.role + '\\n' + content }}{%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}{{- '\\n' }}{%- endif %}
                {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
                {{- '<tool_call>\\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}{{- tool_call.arguments }}{%- else %}{{- tool_call.arguments | tojson }}{%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' }}{{- content }}{{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}"""

DEEPSEEK = """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='', is_first_sp=true) %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.is_first_sp %}{% set ns.system_prompt = ns.system_prompt + message['content'] %}{% set ns.is_first_sp = false %}{%- else %}{% set ns.system_prompt = ns.system_prompt + '\\n\\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.system_prompt }}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<｜User｜>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and 'tool_calls' in message %}{%- set ns.is_tool = false -%}{%- for tool in message['tool_calls'] %}{%- if not ns.is_first %}{%- if message['content'] is none %}{{'<｜Assistant｜><｜calls｜>' + tool['function']['name'] + '\\n```json\\n' + tool['function']['arguments']|tojson + '\\n```'}}{%- else %}{{'<｜Assistant｜>' + message['content'] + '<｜calls｜>' + tool['function']['name']}}{%- endif %}{%- set ns.is_first = true -%}{%- else %}{{'\\n<｜call｜>' + tool['function']['name']}}{%- endif %}{%- endfor %}{{'<｜calls end｜>'}}{%- endif %}{%- if message['role'] == 'assistant' and 'tool_calls' not in message %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<｜Assistant｜>' + content + '<｜end｜>'}}{%- endif %}{%- if message['role'] == 'tool' %}{%- set ns.is_tool = true -%}{{'<｜out｜>' + message['content']|string + '<｜/out｜>'}}{%- endif %}{%- endfor -%}{% if ns.is_tool %}{{'<｜outs end｜>'}}{% endif %}{% if add_generation_prompt and not ns.is_tool %}{{'<｜Assistant｜><think>\\n'}}{% endif %}"""

COMMAND = """{%- macro document_turn(documents) -%}
{# a comment over
   two lines #}
<|START|>{% for doc in documents or [] %}

{ "id": "{{ loop.index0 }}", "text": {{ doc.text|tojson }} }{{ "," if not loop.last }}
{%- endfor %}<|END|>
{%- endmacro %}
{%- macro tool_to_json(tool) %}
{{ {"name": tool.function.name, "required": tool.function.parameters.required|default([])|sort|join(", ")}|tojson -}}
{% endmacro -%}
{{ bos_token }}<|SYSTEM|>
{%- if tools -%}{% for tool in tools %}{{ tool_to_json(tool)|trim }}{{ ";" if not loop.last else "." }}{% endfor %}{%- endif -%}
{{ document_turn(documents) }}
{%- for message in messages %}
{%- if message.role|lower == 'user' %}<|USER|>{{ message.content|upper }}<|END|>
{%- elif message.role|lower == 'assistant' %}<|BOT|>{% generation %}{{ message.content if message.content is not none else "" }}{% endgeneration %}<|END|>
{%- endif %}
{%- endfor %}{% if add_generation_prompt %}<|BOT|>{% endif %}"""

GPTOSS = """{%- macro render_type(spec, required=[], nullable=false) -%}
    {%- if spec.type == "array" -%}
        {%- if spec['items'] -%}{{- render_type(spec['items']) + "[]" }}{%- else -%}{{- "any[]" }}{%- endif -%}
    {%- elif spec.type is defined and spec.type is iterable and spec.type is not string and spec.type is not mapping and spec.type[0] is defined -%}
        {{- spec.type | join(" | ") }}
    {%- elif spec.type == "string" -%}
        {%- if spec.enum -%}{{- '"' + spec.enum|join('" | "') + '"' -}}
        {%- else -%}{{- "string" }}{%- if nullable %}{{- " | null" -}}{%- endif -%}{%- endif -%}
    {%- elif spec.type in ["number", "integer"] -%}{{- "number" }}
    {%- elif spec.type == "object" -%}
        {%- if spec.properties -%}
            {{- "{\\n" }}
            {%- for name, prop in spec.properties.items() -%}
                {{- name }}{%- if name not in (spec.required or []) -%}{{- "?" }}{%- endif -%}
                {{- ": " }}{{ render_type(prop, spec.required or [], nullable=prop.nullable) }}
                {%- if not loop.last -%}{{- ", " }}{%- endif -%}
            {%- endfor -%}
            {{- "}" }}
        {%- else -%}{{- "object" }}{%- endif -%}
    {%- else -%}{{- "any" }}{%- endif -%}
{%- endmacro -%}
{%- macro system_message() -%}
    {{- "Knowledge: 2024-06\\nDate: " + strftime_now("%Y-%m-%d") + "\\n\\n" }}
    {%- if reasoning_effort is not defined %}{%- set reasoning_effort = "medium" %}{%- endif %}
    {{- "Reasoning: " + reasoning_effort + "\\n" }}
{%- endmacro -%}
{{- "<|start|>system<|message|>" }}{{- system_message() }}{{- "<|end|>" }}
{%- if tools -%}
    {{- "<|start|>developer<|message|>namespace functions {\\n" }}
    {%- for tool in tools %}{%- set tool = tool.function %}
        {{- "// " + tool.description + "\\n" }}{{- "type "+ tool.name + " = (_: " }}{{- render_type(tool.parameters) }}{{- ") => any;\\n" }}
    {%- endfor %}{{- "}<|end|>" }}
{%- endif -%}
{%- set last_tool_call = namespace(name=none) %}
{%- for message in messages -%}
    {%- if message.role == 'assistant' -%}
        {%- if "tool_calls" in message %}
            {%- set future = namespace(found=false) %}
            {%- for later in messages[loop.index:] %}{%- if later.role == 'assistant' and "tool_calls" not in later %}{%- set future.found = true %}{%- endif %}{%- endfor %}
            {%- set tool_call = message.tool_calls[0] %}
            {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
            {{- "<|start|>assistant to=functions." + tool_call.name + "<|channel|>commentary json<|message|>" + tool_call.arguments|tojson + "<|call|>" + future.found|string }}
            {%- set last_tool_call.name = tool_call.name %}
        {%- elif loop.last and not add_generation_prompt %}{{- "<|start|>assistant<|channel|>final<|message|>" + message.content + "<|return|>" }}
        {%- else %}{{- "<|start|>assistant<|channel|>final<|message|>" + message.content + "<|end|>" }}{%- set last_tool_call.name = none %}{%- endif %}
    {%- elif message.role == 'tool' -%}
        {%- if last_tool_call.name is none %}{{- raise_exception("a result without a call") }}{%- endif %}
        {{- "<|start|>functions." + last_tool_call.name + " to=assistant<|message|>" + message.content|tojson + "<|end|>" }}
    {%- elif message.role == 'user' -%}{{- "<|start|>user<|message|>" + message.content + "<|end|>" }}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|start|>assistant{%- endif -%}"""

GRANITE = """{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] %}{%- set loop_messages = messages[1:] %}
{%- else %}{%- set system_message = "Knowledge Cutoff Date: April 2024.\\nToday's Date: " + strftime_now('%B %d, %Y') + ".\\nYou are helpful." %}
{%- if tools and documents %}{%- set system_message = system_message + " Use tools and documents." %}
{%- elif tools %}{%- set system_message = system_message + " Use tools." %}{%- endif %}
{%- if controls and 'length' in controls and controls['length'] == 'short' %}{%- set system_message = system_message + " Be brief." %}{%- endif %}
{%- set loop_messages = messages %}{%- endif %}
{{- '<|start_of_role|>system<|end_of_role|>' + system_message + '<|end_of_text|>\\n' }}
{%- if tools %}{{- '<|start_of_role|>tools<|end_of_role|>' }}{{- tools | tojson(indent=4) }}{{- '<|end_of_text|>\\n' }}{%- endif %}
{%- if documents %}{{- '<|start_of_role|>documents<|end_of_role|>' }}
{%- for document in documents %}{{- 'Document ' + loop.index0 | string + '\\n' }}{{- document['text'] }}{%- if not loop.last %}{{- '\\n\\n' }}{%- endif %}{%- endfor %}
{{- '<|end_of_text|>\\n' }}{%- endif %}
{%- for message in loop_messages %}
{{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' + (message['content'] or '') }}
{%- for call in message.tool_calls or [] %}{{- '<|tool_call|>' + [{'name': call.function.name, 'arguments': call.function.arguments}] | tojson }}{%- endfor %}
{{- '<|end_of_text|>\\n' }}
{%- if loop.last and add_generation_prompt %}{{- '<|start_of_role|>assistant' }}{%- if controls %}{{- ' ' + controls | tojson() }}{%- endif %}{{- '<|end_of_role|>' }}{%- endif %}
{%- endfor %}"""

PHI3 = """{% for message in messages %}{% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|tool|>' + message['tools'] + '<|/tool|>' + '<|end|>' }}{% elif message['role'] in ['user', 'system'] %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}{% elif message['role'] == 'assistant' and message['content'] %}{{ '<|assistant|>\\n' + message['content'] + '<|end|>\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"""

LLAMA31 = """{{- bos_token }}
{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}
{%- if not tools_in_user_message is defined %}{%- set tools_in_user_message = true %}{%- endif %}
{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- else %}{%- set date_string = "26 Jul 2024" %}{%- endif %}{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- if messages[0]['content'] is string %}{%- set system_message = messages[0]['content']|trim %}
    {%- else %}{%- set system_message = messages[0]['content'][0]['text']|trim %}{%- endif %}
    {%- set messages = messages[1:] %}
{%- else %}{%- set system_message = "" %}{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if builtin_tools is defined or tools is not none %}{{- "Environment: ipython\\n" }}{%- endif %}
{%- if builtin_tools is defined %}{{- "Tools: " + builtin_tools | reject('equalto', 'code_interpreter') | join(", ") + "\\n\\n" }}{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}{{- "<|eot_id|>" }}
{%- if tools_in_user_message and not tools is none %}
    {%- if messages | length != 0 %}{%- set first_user_message = messages[0]['content']|trim %}{%- set messages = messages[1:] %}
    {%- else %}{{- raise_exception("there is no first user message to put the tools into") }}{%- endif %}
    {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
    {%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}
    {{- first_user_message + "<|eot_id|>" }}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
        {%- if message['content'] is string %}{{- message['content'] | trim }}
        {%- else %}{%- for part in message['content'] %}{%- if part['type'] == 'text' %}{{- part['text'] | trim }}{%- endif %}{%- endfor %}{%- endif %}
        {{- '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}{{- raise_exception("one call at a time") }}{%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {%- if builtin_tools is defined and tool_call.name in builtin_tools %}
            {{- "<|python_tag|>" + tool_call.name + ".call(" }}
            {%- for arg_name, arg_val in tool_call.arguments | items %}{{- arg_name + '="' + arg_val + '"' }}{%- if not loop.last %}{{- ", " }}{%- endif %}{%- endfor %}
            {{- ")" }}
        {%- else %}{{- '{"name": "' + tool_call.name + '", ' }}{{- '"parameters": ' }}{{- tool_call.arguments | tojson }}{{- "}" }}{%- endif %}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}{%- else %}{{- message.content }}{%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
"""

TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "The weather at a place — today's",
     "parameters": {"type": "object", "properties": {
         "place": {"type": "string", "nullable": True}, "unit": {"type": "string", "enum": ["C", "F"]},
         "days": {"type": "array", "items": {"type": "integer"}}, "extra": {"type": ["string", "null"]}},
         "required": ["place", "days"]}, "return": {"type": "number"}}},
    {"type": "function", "function": {"name": "now", "description": "Time & date <b>", "parameters": {"type": "object", "properties": {}}}},
]

COMMAND_TOOLS = """{%- macro python_type(spec) %}
{%- set basic = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} %}
{%- if basic[spec.type] is defined %}{{- basic[spec.type] }}
{%- elif spec.type == "array" %}{{- "List[" + python_type(spec['items']) + "]" }}
{%- elif spec.type == "object" %}
    {%- if spec.additionalProperties is defined %}{{- "Dict[str, " + python_type(spec.additionalProperties) + "]" }}{%- else %}{{- "Dict" }}{%- endif %}
{%- elif spec.type is iterable and spec.type is not string %}{{- "Union[" }}{%- for one in spec.type %}{{- python_type({"type": one}) }}{%- if not loop.last %}{{- "," }}{%- endif %}{%- endfor %}{{- "]" }}
{%- else %}{{- "Any" }}{%- endif %}
{%- endmacro %}
{%- macro signature(tool) %}
{{- "def " + tool.name + "(" }}
{%- for name, field in tool.parameters.properties.items() %}
    {%- if loop.index0 != 0 %}{{- ", " }}{%- endif %}
    {{- name + ": " }}
    {%- if name not in (tool.parameters.required or []) %}{{- "Optional[" + python_type(field) + "] = None" }}{%- else %}{{- python_type(field) }}{%- endif %}
{%- endfor %}
{{- ') -> List[Dict]:\n    \"\"\"' }}{{ tool.description }}
{{- '\n    Args:' if tool.parameters.properties|length else '' }}
{%- for name, field in tool.parameters.properties.items() %}
{{- '\n        ' + name + ' (' + python_type(field) + '): ' + field.description|default('?') }}
{%- endfor %}
{{- '\"\"\"\n    pass' }}
{%- endmacro %}
{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}{%- set loop_messages = messages[1:] %}{%- set system_message = messages[0]['content'] %}
{%- else %}{%- set loop_messages = messages %}{%- set system_message = 'You help.' %}{%- endif %}
{{- '<|SYSTEM|>' }}{{ '# Preamble' }}
{{ '\n' + system_message }}
{%- for tool in tools or [] %}{%- if loop.first %}{{- '\n\n```python\n' }}{%- endif %}{{- signature(tool.function) }}{{- '\n```' if loop.last else '\n\n' }}{%- endfor %}
{%- for message in loop_messages %}{%- set content = message['content'] %}
{%- if message.role == 'user' %}{{- '<|USER|>' + content.strip() }}
{%- elif message.role == 'system' %}{{- '<|SYSTEM|>' + content.strip() }}
{%- elif message.role == 'assistant' and message.tool_calls is defined %}
    {{- '<|BOT|>Plan: ' ~ content ~ '\nAction: ```json\n[\n' }}
    {%- for call in message.tool_calls %}{{- {"tool_name": call['function']['name'], "parameters": call['function']['arguments']}|tojson(indent=4)|indent(4, true) }}{%- if not loop.last %},\n{%- endif %}{%- endfor %}
    {{- '\n]```' }}
{%- elif message.role == 'assistant' %}{{- '<|BOT|>' + content.strip() }}
{%- elif message.role|lower == 'tool' %}
    {%- if loop.first or loop_messages[loop.index0 - 1].role|lower != 'tool' %}{{- '<|SYSTEM|><results>' }}{%- endif %}
    {{- '\ndocument: ' ~ loop.index0 ~ '\n' ~ content }}
    {%- if loop.last or loop_messages[loop.index0 + 1].role|lower != 'tool' %}{{- '</results>' }}{%- endif %}
{%- endif %}{{- '<|END|>' }}{%- endfor %}
{%- for document in documents or [] %}
{{- '\nDocument: ' ~ loop.index0 }}
{%- for key, value in document.items() %}{{- '\n' ~ key|title ~ ': ' ~ value }}{%- endfor %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|BOT|>' }}{%- endif %}"""

OLMO = """{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>\n' + message['content'] + '\n' }}{% elif message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + '\n' }}{% elif message['role'] == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>\n' + message['content'] + eos_token + '\n' }}{% else %}{{ '<|assistant|>\n' + message['content'] + eos_token }}{% endif %}{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}{% endfor %}"""

PHI4 = """{%- set names = tools | map(attribute='function.name') | list %}{%- for message in messages %}{%- if loop.first and names %}{{- '<|system|>' ~ (message['content'] if message['role'] == 'system' else '') ~ '<|tool|>' ~ (tools | map(attribute='function') | selectattr('name') | list | tojson) ~ '<|/tool|>' ~ names | join(',') ~ '<|end|>' }}{%- endif %}{%- if (message['role'] == 'system') and not names %}{{- '<|im_start|>system<|im_sep|>' + message['content'] + '<|im_end|>' }}{%- elif (message['role'] == 'user') %}{{- '<|im_start|>user<|im_sep|>' ~ message['content'] ~ '<|im_end|>' }}{%- elif (message['role'] == 'assistant') %}{{- '<|im_start|>assistant<|im_sep|>' ~ (message['content'] or '') ~ '<|im_end|>' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant<|im_sep|>' }}{%- endif %}"""

CONVERSATIONS = {
    "one": [{"role": "user", "content": "  Hello, wörld! \n"}],
    "system": [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "Hi"},
               {"role": "assistant", "content": " <think>\nhm\n</think>\n\nHello. "}, {"role": "user", "content": "Who're \"you\"?"}],
    "answered": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}],
    "wrong": [{"role": "assistant", "content": "I begin"}, {"role": "assistant", "content": "and go on"}],
    "parts": [{"role": "system", "content": [{"type": "text", "text": "Look."}]},
              {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " What is this? "}]}],
    "calls": [{"role": "user", "content": "Weather in Zürich?"},
              {"role": "assistant", "content": None, "tool_calls": [{"id": "call00001", "type": "function", "function": {
                  "name": "weather", "arguments": {"place": "Zürich", "days": [1, 2], "x": 1.5, "deep": {"a": None, "b": True}}}}]},
              {"role": "tool", "name": "weather", "content": "{\"t\": 21}"},
              {"role": "assistant", "content": "It is 21°."}, {"role": "user", "content": "Thanks"}],
}

STYLES = {"chatml": CHATML, "llama2": LLAMA2, "llama3": LLAMA3, "gemma": GEMMA, "mistral": MISTRAL, "qwen": QWEN,
          "deepseek": DEEPSEEK, "command": COMMAND, "gptoss": GPTOSS, "granite": GRANITE, "phi3": PHI3, "llama3.1": LLAMA31, "command tools": COMMAND_TOOLS,
          "olmo": OLMO, "phi4": PHI4}

# What the callers of some styles may say beside messages, tools and documents.
MORE = {
    "llama3.1": [{"builtin_tools": ["brave_search", "code_interpreter"]}, {"builtin_tools": ["code_interpreter"], "tools_in_user_message": False},
                 {"custom_tools": TOOLS, "date_string": "1 Jan 2025"}],
    "granite": [{"controls": {"length": "short"}}, {"controls": {"originality": "abstractive"}}],
    "qwen": [{"enable_thinking": True}],
    "gptoss": [{"reasoning_effort": "high"}],
}

VALUES = {"xs": [3, 1, 2], "words": ["b", "A", "c", "a"], "d": {"b": 1, "a": [1, 2], "items": "mine"}, "s": "Hello, Wörld",
          "f": 2.5, "n": None, "t": True, "people": [{"n": "Bo", "age": 3, "a": {"b": 1}}, {"n": "al", "age": 1}, {"n": "Cy", "age": 2, "a": {"b": 0}}],
          "i": 7, "empty": [], "html": "<a href='x'>\"&\"</a>"}

EXPRESSIONS = """
1 + 2 * 3 - 4 / 2 ; 7 // 2 ; -7 // 2 ; -7 % 3 ; 7 % -3 ; 7.5 % 2 ; -7.5 // 2 ; 2 ** 10 ; 2 ** -1 ; 2 ** 3 ** 2 ; -2 ** 2
1 / 0 ; 1 % 0 ; 1.0 ; 1e3 ; 1e16 ; 1e-5 ; 0.1 + 0.2 ; 100000000000000000.0 ; 1_000 ; 3.0 * 2 ; 10 / 5 ; -0.0 ; f * 2 ; +i ; -i
'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1, 'x'] ; 'a' + 'b' ; 'a' + 1 ; 'ab' * 3 ; 3 * 'ab' ; [1] + [2] ; [1] * 2 ; (1, 2) + (3,) ; [1] + (2,)
1 < 2 < 3 ; 1 < 3 < 2 ; 1 == 1.0 ; true == 1 ; 'a' < 'b' ; [1, 2] < [1, 3] ; 1 < 'a' ; none == none ; none < 1 ; 'x' != 'y' ; (1,) == [1]
1 in xs ; 4 in xs ; 'a' in d ; 'ell' in s ; 1 in s ; 'z' not in d ; not 1 in xs ; 'x' in missing ; 1 in 5
s[0] ; s[-1] ; s[1:4] ; s[::-1] ; s[8] ; s[99] ; xs[1:] ; xs[:-1] ; xs[::2] ; xs[-2:] ; xs[10:] ; xs[5] ; d['a'] ; d.a ; d['items'] ; d.missing ; d['missing'].x ; xs.0 ; s[3:1:-1] ; s[::0] ; xs[1:2:none]
missing ; missing.x ; missing['x'] ; missing + 1 ; missing | length ; missing == missing2 ; missing is defined ; missing is undefined ; not missing ; missing | default('d') ; missing or 'x' ; none | default('d') ; none | default('d', true) ; '' | d('e', boolean=true) ; missing() ; 5()
1 if t ; 1 if not t ; 'a' if false else 'b' if false else 'c' ; (1 if t else 2) + 1 ; t and 'yes' or 'no' ; 0 or '' or [] ; 1 and 0 ; not not 5
'  x '|trim ; 'xxaxx'|trim('x') ; s|upper ; s|lower ; 'hELLO wORLD'|capitalize ; "it's a-b (c) d_e"|title ; s|length ; xs|length ; d|count ; 5|length
[1, 'a', none, 1.5, true, {'k': [1]}]|tojson ; d|tojson(indent=2) ; []|tojson(indent=2) ; {}|tojson(indent=1) ; 'é\\n"\\\\/\\t\\x01😀'|tojson ; 'é😀'|tojson(ensure_ascii=true) ; d|tojson(sort_keys=true) ; d|tojson(separators=(',', ':')) ; missing|tojson ; {1: 2, none: 3, true: 4}|tojson ; (1, 2)|tojson ; xs|tojson(indent=0)
none|map('upper')|list ; missing|selectattr('a')|list ; 0|select|list ; none|reject('odd')|list|length ; 5|map('upper')|list ; words|join ; words|join(', ') ; xs|join('-') ; people|join(',', attribute='n') ; 'abc'|join('.') ; words|first ; words|last ; empty|first ; empty|last ; s|first ; s|last ; s|list ; d|list
people|map(attribute='n')|list ; people|map(attribute='a.b')|list ; people|map(attribute='zz', default='?')|list ; words|map('upper')|list ; words|map('replace', 'a', 'x')|join ; xs|map('string')|join
people|selectattr('age', 'gt', 1)|map(attribute='n')|list ; people|selectattr('a')|list|length ; people|rejectattr('age', 'equalto', 2)|map(attribute='n')|join ; people|rejectattr('a', 'defined')|list|length ; xs|select('odd')|list ; xs|reject('odd')|list ; [0, 1, '', 'a']|select|list ; xs|select('in', [1, 2])|list ; people|selectattr('n', 'in', ['Bo', 'Cy'])|list|length
s|replace('l', 'L') ; s|replace('l', 'L', 1) ; 'abc'|replace('', '-') ; 5|string ; 5|string is string ; '42'|int + 1 ; '4x'|int ; '4x'|int(default=-1) ; '0x1A'|int(base=16) ; '3.7'|int ; 3.99|int ; ' 12 '|int ; none|int ; '2.50'|float ; 'x'|float ; 'x'|float(1.5) ; true|int
2.5|round ; 3.5|round ; 2.675|round(2) ; 2.4|round(0, 'ceil') ; 2.49|round(1, 'floor') ; 7|round ; -5|abs ; -5.5|abs ; 'x'|abs
d|items|list ; {'b': 1, 'A': 2, 'c': 0}|dictsort ; {'b': 1, 'A': 2}|dictsort(true) ; {'b': 1, 'A': 2, 'c': 0}|dictsort(by='value') ; {'b': 1, 'A': 2}|dictsort(reverse=true) ; none|items|list ; missing|items|list
words|unique|list ; words|unique(true)|list ; xs|reverse|list ; s|reverse ; words|sort ; words|sort(case_sensitive=true) ; xs|sort(reverse=true) ; people|sort(attribute='age')|map(attribute='n')|list ; [1, 'a']|sort ; xs|max ; xs|min ; xs|sum ; people|sum(attribute='age') ; empty|max
'a\\nb\\n\\nc'|indent ; 'a\\nb\\n\\nc'|indent(2, true) ; 'a\\nb\\n\\nc'|indent(2, blank=true) ; 'a\\nb\\n'|indent(width='> ') ; html|escape ; html|e ; html|safe ; 'a b  c'|wordcount ; d|attr('get') is callable ; 5|nofilter ; 5 is notest
1 is number ; 1.5 is number ; true is number ; 'a' is number ; 1 is integer ; true is integer ; 1.0 is integer ; 1.0 is float ; true is boolean ; 1 is boolean ; true is true ; 1 is true ; false is false ; none is none ; 0 is none
d is mapping ; xs is mapping ; xs is sequence ; s is sequence ; d is sequence ; 5 is sequence ; missing is sequence ; xs is iterable ; 5 is iterable ; missing is iterable ; s is string ; xs is string ; n is none ; n is not none ; xs is callable ; range is callable
3 is odd ; 3 is even ; 4 is divisibleby 2 ; 4 is divisibleby(3) ; 1 is eq 1 ; 1 is equalto(2) ; 1 is ne 2 ; 1 is lt 2 ; 2 is ge 2 ; 'a' is in ['a'] ; 5 is sameas 5 ; 'abc' is lower ; 'ABC' is upper ; 'aBc' is lower ; not 3 is odd ; 3 is not odd ; 1 is defined and 2 is defined ; xs is sameas xs
' x '.strip() ; 'xxaxx'.strip('x') ; ' x '.lstrip() + '|' ; ' x '.rstrip() ; 'a,b,c'.split(',') ; ' a  b '.split() ; 'a,b,c'.split(',', 1) ; 'a,b,c'.rsplit(',', 1) ; 'a b c'.split(none, 1) ; 'abc'.split('') ; 'a\\nb\\r\\nc'.splitlines() ; 'abc'.startswith('ab') ; 'abc'.startswith(('x', 'a')) ; 'abc'.endswith('c') ; 'abc'.removeprefix('a')
'hELLO wORLD'.title() ; "they're x1y".title() ; 'hELLO'.capitalize() ; 'ß'.upper() ; 'ÀÉ'.lower() ; 'aXbX'.replace('X', '-') ; 'aXbX'.replace('X', '-', 1) ; ','.join(['a', 'b']) ; ','.join([1]) ; 'héllo'.find('l') ; 'abc'.find('z') ; 'abcb'.rfind('b') ; 'abc'.index('z') ; 'banana'.count('an') ; '12'.isdigit() ; 'ab'.isalpha() ; 'a1'.isalnum() ; ' '.isspace() ; 'ab'.islower() ; 'AB'.isupper() ; '{} and {}'.format(1, 'x') ; '{a}-{0}'.format(1, a=2) ; '{{}}'.format()
d.keys()|list ; d.values()|list ; d.get('a') ; d.get('z') ; d.get('z', 5) ; d.items is string ; {'a': 1}.items()|list ; xs.index(2) ; xs.index(9) ; xs.count(1) ; xs.append(4) ; d.update({'q': 1}) ; 'a'.nomethod() ; xs.x.y
[1, 'a', none, true, 1.5, (1,), (1, 2), {'k': 'v'}] ; 'it\\'s' ; ["it's", 'say "x"', 'both \\' and "', 'tab\\t nl\\n \\\\ é \\x07'] ; {'a': 1, 2: none} ; () ; (1,) ; [] ; {} ; 1, 2 ; "a" 'b' ; '\\u00e9\\x41\\101' ; 'a\\qb' ; [1, 2,] ; {'a': 1,}
range(3)|list ; range(1, 4)|list ; range(5, 0, -2)|list ; range(0)|list ; dict(a=1, b=2) ; dict([('x', 1)]) ; dict({'a': 1}, b=2) ; namespace(a=1).a ; namespace().zz ; raise_exception('no') ; strftime_now('%Y-%m-%d %H:%M:%S %B %A') ; range(2000000) ; raise_exception()
loop ; (1 ; 1 + ; [1, 2 ; {'a' 1} ; 'open ; 1 2 ; a.b.c.d ; x y ; }} ; s|upper|lower|title ; (s|length) + 1 ; s|length + 1 ; -s|length ; s.upper()|lower ; xs|length == 3 ; xs[0]|string + 'x' ; 'a' if xs|length > 2 else 'b' ; 1 is odd == true
"""

BLOCKS = [
    "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}",
    "{% for x in empty %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in missing %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in xs if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}",
    "{% for x in xs if x > 9 %}{{ x }}{% else %}none{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in d %}{{ k }}{% endfor %}{% for c in 'héy' %}[{{ c }}]{% endfor %}",
    "{% for a, (b, c) in [(1, (2, 3)), (4, (5, 6))] %}{{ a }}{{ b }}{{ c }} {% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}",
    "{% for x in 5 %}{{ x }}{% endfor %}",
    "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}{% for x in xs %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in xs %}{% for y in xs %}{{ loop.index }}{{ loop.depth }}{% if y == 1 %}{% break %}{% endif %}{% endfor %}{{ loop.index }}{% endfor %}",
    "{% set x = 1 %}{% for y in xs %}{{ x }}{% set x = y %}{{ x }}{% endfor %}{{ x }}",
    "{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% for y in xs %}{% set ns.x = ns.x + y %}{% set ns.z = y %}{% endfor %}{{ ns.x }}{{ ns.z }}",
    "{% set d.x = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a, b = b, a %}{{ a }}{{ b }}",
    "{% set x %}  block {{ s }}  {% endset %}[{{ x }}]{% set y | trim | upper %} abc {% endset %}[{{ y }}]",
    "{% macro m(a, b=2, c=a) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(1, c=5) }} {{ m() }} {{ m(b=1, a=0) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}",
    "{% macro f(n) %}{% if n > 0 %}{{ n }},{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
    "{% macro m() %}{{ later }}{% endmacro %}{% set later = 5 %}{{ m() }}",
    "{% set x = 1 %}{% macro m() %}{% set x = 2 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}",
    "{% macro wrap(tag) %}<{{ tag }}>{{ caller() }}</{{ tag }}>{% endmacro %}{% call wrap('b') %}in {{ s }}{% endcall %}",
    "{% macro each(l) %}{% for x in l %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(x, i) each(xs) %}{{ i }}:{{ x }} {% endcall %}",
    "{% macro m(a) %}{{ a | upper }}{% endmacro %}{{ m('x') | length }}{{ m('ab') ~ 'c' }}{{ m is callable }}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% filter upper | trim %}  abc {{ s }} {% endfilter %}|",
    "{% if missing %}1{% elif xs %}2{% else %}3{% endif %}{% if 0 %}{% elif '' %}{% else %}e{% endif %}",
    "a\n  {% if t %}\n  b\n  {% endif %}\nc\n",
    "a\n  {%- if t %}\n  b\n  {%- endif %}\nc",
    "a\n  {%+ if t %}\n  b\n  {%+ endif +%}\nc",
    "  {% set x = 1 %}  \n  {{ x }}  \n\n",
    "  {# comment #}\n x {# c #} y\n{#- c -#}\n z{# open",
    "{# c #}\n\n{% if t -%}\n\n  a  \n\n{%- endif %}  b",
    "x {{- ' y ' -}} z {{ 1 -}}   \n  w",
    "{% raw %}{{ x }} {% if %} {# #}{% endraw %}{{ i }}",
    "  {%- raw -%}  {{ x }}  {%- endraw -%}  y\n",
    "a {%raw%}\n b\n  {%endraw%}\n c",
    "{{ '{{' }}{{ '%}' }}{{ {'a': {'b': 1}}['a']['b'] }}{{ \"}}\" }}",
    "{% if t %}{% set q = 'in' %}{% endif %}{{ q }}{% generation %}{% set r = 'g' %}{{ r }}{% endgeneration %}",
    "{%if t%}x{%endif%}{%-   if t   -%} y {%-endif-%} z",
    "line\r\n{% if t %}\r\nwin\rmac\r\n{% endif %}\r\nend\r\n",
    "{% unknown %}", "{% if t %}", "{% endif %}", "{% for x in xs %}", "{{ x", "{% if t %}{% else %}{% else %}{% endif %}", "{% set %}", "{% break %}",
    "{% set loop_index = 3 %}{% for i in range(2) %}{{ loop_index + loop.index }}{% endfor %}",
    "{% set x = [] %}{% for i in xs %}{% set x = x + [i * 2] %}{% endfor %}{{ x }}",
    "{% set ns = namespace(l=[]) %}{% for i in xs %}{% set ns.l = ns.l + [i * 2] %}{% endfor %}{{ ns.l }}{{ ns.l | length }}",
    "{% for p in people | sort(attribute='n') %}{{ p.n }}{{ '' if loop.last else ', ' }}{% endfor %}",
    "{{ people[0].a.b }}{{ people[1].a }}{{ people[1].a.b }}",
    "{% set messages = [{'role': 'a'}] + people %}{{ messages | length }}{{ (messages | first).role }}",
    "\n\n{% set a = 1 %}\n\n{{ a }}\n{% set b = 2 %}\n{{ b }}\n\n",
    "{{ 'a' }}\n{{ 'b' }}\n  {{ 'c' }}  \n",
    "x{% set a = 1 -%}\n  \n y {%- set b = 2 %}\n z",
    "{% if s is string and s | length > 3 and not s.startswith('x') or missing %}yes{% endif %}",
    "{{ [1, 2, 3][1:] | map('string') | join('+') }}{{ (xs | sort)[0] }}{{ (xs | list)[-1] }}",
]


def main():
    env, out = environment(), []

    def add(name, template, variables):
        entry = {"name": name, "template": template, "variables": variables}
        try:
            entry["text"] = env.from_string(template).render(**variables)
        except Exception:
            entry["error"] = True
        out.append(entry)

    for style, template in STYLES.items():
        for name, messages in CONVERSATIONS.items():
            for more in MORE.get(style, []) if name in ("system", "calls") else []:
                for tools in (None, TOOLS):
                    add(f"{style}, {name}, {', '.join(more)}, {bool(tools)}", template, {
                        "messages": messages, "tools": tools, "documents": None, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>", **more})
            for prompt in (True, False):
                add(f"{style}, {name}, {prompt}", template, {
                    "messages": messages, "tools": TOOLS if name == "calls" and prompt else None, "add_generation_prompt": prompt,
                    "documents": [{"text": "one \"1\""}, {"text": "zwei"}] if prompt else None,
                    "bos_token": "<s>", "eos_token": "</s>", **({"enable_thinking": False} if name == "one" else {})})
    for line in EXPRESSIONS.strip().split("\n"):
        for expression in line.split(" ; "):
            expression = expression.strip().replace("\\\\", "\\")
            add(expression, "{{ " + expression + " }}", VALUES)
    for block in BLOCKS:
        add(block, block, VALUES)

    # Shared values are written once.
    shared, entries = [], []
    for entry in out:
        if entry["variables"] not in shared:
            shared.append(entry["variables"])
        entries.append({**entry, "variables": shared.index(entry["variables"])})
    templates = []
    for entry in entries:
        if entry["template"] not in templates:
            templates.append(entry["template"])
        entry["template"] = templates.index(entry["template"])
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    values = ",\n".join(json.dumps(value, ensure_ascii=False) for value in shared)
    sources = ",\n".join(json.dumps(template, ensure_ascii=False) for template in templates)
    print('{"variables": [\n' + values + '\n],\n"templates": [\n' + sources + '\n],\n"cases": [\n' + lines + "\n]}")


main()
