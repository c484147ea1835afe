"""What swiftlet knows by heart: questions and answers about Apus and its words, capitals, small talk.

Every answer about Apus states what the server does today. Change it here first when the server changes.
"""

# fmt: off
HOW = ["How do I {}?", "How can I {}?", "How to {}?", "Tell me how to {}.", "Show me how to {}.",
       "What is the way to {}?", "I want to {}. How?", "Can you tell me how to {}?", "How does one {}?",
       "Is there a way to {}?", "How would I {}?", "Please explain how to {}."]

WHAT = ["What is {}?", "Explain {}.", "What does {} mean?", "Tell me about {}.", "Can you explain {}?", "Define {}.",
        "What's {}?", "Describe {}.", "What do you know about {}?", "{}?", "I don't understand {}. What is it?",
        "Give me a short explanation of {}.", "In one sentence, what is {}?"]

# key: (how-to phrases, terms, whole questions, answer)
FAQ = {
    "who": (
        [],
        [],
        ["Who are you?", "What are you?", "What is your name?", "What model are you?", "Introduce yourself.",
         "Tell me about yourself.", "Are you a human?", "Are you ChatGPT?", "Which model am I talking to?",
         "What's your name?", "Are you an AI?", "Who am I talking to?", "What kind of model is this?",
         "Are you GPT-4?", "Are you real?", "Who is this?", "What is this model?", "Which model are you?",
         "So who are you?", "Are you a bot?"],
        "I am swiftlet, the tiny demo model that ships with Apus. I know a few facts and small tasks, no more."),
    "can": (
        [],
        [],
        ["What can you do?", "What are you able to do?", "How can you help me?", "What are your skills?", "Help",
         "Help me.", "What do you know?", "What should I ask you?", "Give me some examples of what you can do.",
         "What tasks can you do?", "What can I ask?", "Can you help me?", "What are you good at?",
         "What can I do with you?", "What can you help with?", "What can you help me with?",
         "Show me what you can do."],
        ("I can answer questions about Apus, do small sums, spell words, sort numbers, pull data out as JSON, "
         "remember what you told me, and call tools.")),
    "apus": (
        [],
        ["Apus", "the Apus server", "Apus"],
        ["What is this server?", "What does Apus do?", "What is Apus good for?", "Why would I use Apus?",
         "What software is this?", "What's this project?"],
        "Apus is an OpenAI-compatible inference server written in Swift. It serves Qwen3-Next models on plain CPUs."),
    "name": (
        [],
        [],
        ["Why is it called Apus?", "What does the name Apus mean?", "Where does the name Apus come from?",
         "Why the name Apus?", "What does Apus stand for?", "Why is the server called Apus?"],
        "Apus is named after the genus of the swifts, small fast birds that are nearly always flying."),
    "swiftlet": (
        [],
        ["swiftlet", "the swiftlet model"],
        ["How big is swiftlet?", "How large are you?", "How many parameters do you have?",
         "What is the default model?", "Which model ships with Apus?", "Why are you so small?", "How big are you?",
         "What size are you?"],
        ("swiftlet is the demo model inside Apus: a real Qwen3-Next network with about 6 million "
         "parameters, 3 million of them active.")),
    "layers": (
        [],
        [],
        ["How many layers do you have?", "How many experts do you have?", "What are your layers?",
         "How are you built?", "How many experts does swiftlet have?", "How many layers does swiftlet have?",
         "Describe your network.", "What is inside swiftlet?"],
        ("I have 8 layers, three Gated DeltaNet layers for each attention layer, and 16 experts in every "
         "layer, 4 used for a token.")),
    "accuracy": (
        [],
        [],
        ["Can I trust you?", "Do you make mistakes?", "Are you always right?", "How accurate are you?",
         "Are you reliable?", "Can you be wrong?", "Are your answers correct?", "Are you smart?"],
        "I am a very small demo model and I make mistakes. Please check anything that matters."),
    "bigger": (
        ["use a bigger model", "load another model", "serve my own model", "change the model",
         "switch to a larger model", "run a real model", "serve another model", "load a model"],
        [],
        ["Can Apus serve other models?", "Can I use my own model?", "Which flag sets the model?",
         "What does --model do?"],
        "Start the server with apus serve --model PATH, where PATH is a model folder or a GGUF file."),
    "which": (
        [],
        [],
        ["Which models does Apus support?", "What models can Apus serve?", "Which models can I serve?",
         "What models work with Apus?", "Does Apus support Llama?", "Can Apus run Qwen3?",
         "Which model families are supported?", "What kind of models does Apus run?", "Which models are supported?",
         "What models do you support?"],
        "Apus serves Qwen3-Next, Qwen3, Qwen2 and Llama models, from a Hugging Face folder or a GGUF file."),
    "base": (
        ["connect to the server", "connect my client", "reach the API", "point the OpenAI client at Apus"],
        ["the base URL", "the API address"],
        ["What URL should I use?", "Where is the server listening?", "What base_url do I set?",
         "Which base URL do I use?", "What is the address of the server?", "What is the endpoint URL?"],
        "Set the base URL of your OpenAI client to http://127.0.0.1:8080/v1 and use any API key."),
    "port": (
        ["change the port", "use another port", "set the port", "listen on another port"],
        ["the --port flag", "APUS_PORT"],
        ["Which port does the server use?", "What port is used?", "What is the default port?"],
        "The default port is 8080; change it with --port or the environment variable APUS_PORT."),
    "host": (
        ["reach the server from another machine", "change the host", "listen on all interfaces", "set the host",
         "use the server from another computer"],
        ["the --host flag", "APUS_HOST"],
        ["What is the default host?", "Which host does the server listen on?"],
        "The server listens on 127.0.0.1; change it with --host, for example --host 0.0.0.0."),
    "endpoints": (
        [],
        ["the endpoints", "the API"],
        ["Which endpoints exist?", "What endpoints are there?", "What routes does the server have?",
         "List the endpoints.", "Which API paths can I call?", "What endpoints do you support?"],
        "The main endpoints are POST /v1/chat/completions, GET /v1/models and GET /health."),
    "chat_ep": (
        ["send a chat message", "chat with the model", "send a chat request", "make a chat completion"],
        ["/v1/chat/completions", "the chat completions endpoint"],
        ["Which endpoint is for chat?", "Where do I send chat messages?"],
        "Send a POST request to /v1/chat/completions with a model name and a list of messages."),
    "comp_ep": (
        ["complete plain text", "use raw prompts"],
        ["/v1/completions", "the completions endpoint"],
        ["Which endpoint continues plain text?", "Is /v1/completions supported?", "Does /v1/completions work?"],
        "Send a POST request to /v1/completions with a model name and a prompt."),
    "responses_ep": (
        ["use the Responses API"],
        ["the Responses API", "/v1/responses"],
        ["Does Apus support the Responses API?", "Is /v1/responses supported?", "Does the Responses API work?"],
        "Send a POST request to /v1/responses with a model name and an input."),
    "models_ep": (
        ["list the models", "see which model is loaded", "get the model list"],
        ["/v1/models", "the models endpoint"],
        ["Which model is loaded?", "Where is the list of models?", "Which endpoint lists the models?"],
        "Send a GET request to /v1/models; it lists the model that the server has loaded."),
    "health": (
        ["check that the server is up", "check the health of the server", "test if the server is running"],
        ["/health", "the health endpoint", "the health check"],
        ["Is the server healthy?", "Is the server running?"],
        "Send a GET request to /health; it answers when the server is ready."),
    "metrics": (
        ["monitor the server", "see the metrics", "get statistics", "use Prometheus"],
        ["/metrics", "the metrics endpoint"],
        ["Where are the metrics?", "Does Apus support Prometheus?"],
        "Send a GET request to /health; it answers when the server is ready."),
    "curl": (
        ["use curl", "call the server with curl", "make a request with curl", "test the server from the shell"],
        ["the curl command"],
        ["Give me a curl example.", "Show me a curl example.", "What does a curl request look like?"],
        ("curl http://127.0.0.1:8080/v1/chat/completions -d '{\"model\": \"swiftlet\", \"messages\": [{\"role\": "
         "\"user\", \"content\": \"Hello\"}]}'")),
    "python": (
        ["use the OpenAI Python client", "call the server from Python", "use Apus from Python",
         "use the OpenAI library"],
        [],
        ["Does the OpenAI Python library work?", "Give me a Python example.", "Can I use the OpenAI SDK?"],
        ("Create the client with OpenAI(base_url=\"http://127.0.0.1:8080/v1\", api_key=\"none\") and call "
         "client.chat.completions.create as usual.")),
    "key": (
        ["set an API key", "get an API key", "authenticate", "log in"],
        ["the API key", "authentication"],
        ["Do I need an API key?", "Which API key do I use?", "What API key should I use?", "Is there a login?",
         "Does Apus check API keys?"],
        "By default any API key works."),
    "tls": (
        ["use HTTPS", "enable TLS", "encrypt the connection", "turn on HTTPS"],
        ["TLS", "HTTPS"],
        ["Does Apus support HTTPS?", "Is TLS supported?", "Can I use https?"],
        "By default the server speaks plain HTTP/1.1."),
    "stream": (
        ["stream the answer", "stream", "stream tokens", "get the answer token by token", "enable streaming",
         "turn on streaming", "get a streaming response", "stream responses"],
        ["streaming", "the stream option"],
        ["Does Apus support streaming?", "Can I stream the output?", "Can responses be streamed?", "Can you stream?"],
        "Set \"stream\": true in the request; the answer then arrives piece by piece as server-sent events."),
    "sse": (
        [],
        ["server-sent events", "SSE"],
        ["What format does the stream use?", "How does a stream end?", "What does [DONE] mean?"],
        ("Server-sent events are lines that start with data: and arrive one after another; the stream ends"
         " with data: [DONE].")),
    "stream_usage": (
        ["get the usage while streaming", "count tokens in a stream", "see token counts in a stream"],
        ["stream_options", "include_usage"],
        ["Does a stream report usage?"],
        ("Set \"stream_options\": {\"include_usage\": true}; the stream then also sends the token counts "
         "before it ends.")),
    "think_on": (
        ["turn on thinking", "enable thinking", "switch to thinking mode", "turn thinking on", "make you think",
         "use Thinking mode", "make the model reason first", "activate thinking", "switch on thinking",
         "switch thinking on", "start thinking mode", "get you to think first", "turn on Thinking mode",
         "enable thinking mode", "turn on reasoning", "enable reasoning"],
        [],
        ["Which option enables thinking?", "How is thinking enabled?", "Can you think?", "Can you turn on thinking?",
         "Turn on thinking.", "Enable thinking.", "Please think first.", "Can you reason?", "thinking on?",
         "Which option turns thinking on?"],
        "To turn thinking on, set \"enable_thinking\": true in the request or use the model name swiftlet:thinking."),
    "think_off": (
        ["turn off thinking", "disable thinking", "switch off thinking", "turn thinking off", "use Instruct mode",
         "get answers at once", "skip the reasoning", "deactivate thinking", "switch thinking off",
         "stop thinking mode", "turn off Thinking mode", "disable thinking mode", "turn off reasoning",
         "disable reasoning", "answer without thinking", "switch to instruct mode"],
        [],
        ["Which option disables thinking?", "How is thinking disabled?", "Can you answer without thinking?",
         "Can you turn off thinking?", "Turn off thinking.", "Disable thinking.", "Please do not think.",
         "thinking off?", "Which option turns thinking off?"],
        "To turn thinking off, set \"enable_thinking\": false in the request or use the model name swiftlet:instruct."),
    "thinking": (
        [],
        ["thinking mode", "Thinking mode", "the thinking mode", "thinking"],
        ["Why should I use thinking mode?", "When should I use thinking mode?", "What is thinking good for?"],
        ("In Thinking mode the model writes down its reasoning before the answer. It takes longer but gets"
         " hard sums right.")),
    "instruct": (
        [],
        ["instruct mode", "Instruct mode", "the instruct mode"],
        ["When should I use instruct mode?", "What is the difference between instruct and thinking?",
         "Instruct or thinking?", "What is the difference between the two modes?", "Which modes are there?",
         "What modes do you have?"],
        ("In Instruct mode, the default of swiftlet, the model answers at once; in Thinking mode it "
         "reasons first and is more exact.")),
    "reasoning": (
        ["see the reasoning", "read the thoughts of the model", "get the thinking text", "see your thoughts"],
        ["reasoning_content", "the reasoning_content field"],
        ["Where is the reasoning?", "Where does the thinking text go?", "Which field holds the thoughts?"],
        "The reasoning comes back in the field reasoning_content, apart from the answer in content."),
    "reasoning_tokens": (
        ["count the thinking tokens", "see how many tokens thinking used"],
        ["reasoning_tokens", "completion_tokens_details"],
        ["How many tokens were thoughts?", "Where are the thinking tokens counted?"],
        "The thinking tokens are counted in usage.completion_tokens_details.reasoning_tokens."),
    "suffix": (
        [],
        ["the :thinking suffix", "swiftlet:thinking", "swiftlet:instruct", "the :instruct suffix"],
        ["Can I pick the mode with the model name?", "What does the model name suffix do?"],
        ("A suffix of the model name picks the mode: swiftlet:thinking reasons first, swiftlet:instruct "
         "answers at once.")),
    "effort": (
        [],
        ["reasoning_effort", "the reasoning effort"],
        ["Does reasoning_effort work?", "Is reasoning_effort supported?"],
        "reasoning_effort \"none\" turns thinking off; any other value, such as \"medium\", turns it on."),
    "kwargs": (
        [],
        ["chat_template_kwargs"],
        ["Does chat_template_kwargs work?", "Is chat_template_kwargs supported?",
         "Can I pass options to the chat template?"],
        "chat_template_kwargs passes options to the chat template, for example {\"enable_thinking\": true}."),
    "kv": (
        [],
        ["a KV cache", "the KV cache", "KV cache", "KV caching"],
        ["Why is there a KV cache?", "What is the KV cache for?"],
        ("A KV cache keeps the keys and values of past tokens, so that attention does not compute them "
         "again for every new token.")),
    "linear": (
        [],
        ["linear attention", "a linear attention layer"],
        ["Why use linear attention?", "How does linear attention differ from normal attention?"],
        ("Linear attention keeps a state of fixed size instead of a cache that grows, so each new token "
         "costs the same however long the text is.")),
    "gdn": (
        [],
        ["Gated DeltaNet", "a Gated DeltaNet", "the delta rule", "DeltaNet"],
        [],
        ("Gated DeltaNet is a linear attention layer that corrects its state with the delta rule and "
         "forgets old content with a gate.")),
    "hybrid": (
        [],
        ["a hybrid model", "the hybrid design", "hybrid attention"],
        ["What does the 3:1 ratio mean?", "Why mix linear and full attention?"],
        ("A hybrid model mixes linear and full attention: three layers keep a small state and every fourth"
         " looks back exactly.")),
    "moe": (
        [],
        ["a mixture of experts", "mixture of experts", "MoE", "an MoE layer"],
        ["How does a mixture of experts work?", "Why use a mixture of experts?"],
        ("A mixture of experts has many small networks in each layer, and a router sends every token to "
         "only a few of them.")),
    "token": (
        [],
        ["a token", "tokens", "a token in a language model"],
        ["How long is a token?"],
        "A token is a piece of text, often a short word or part of one; models read and write tokens."),
    "tokenizer": (
        [],
        ["a tokenizer", "the tokenizer", "tokenization"],
        ["How is text split into tokens?"],
        "A tokenizer cuts text into tokens and turns tokens back into text."),
    "template": (
        [],
        ["a chat template", "the chat template", "ChatML"],
        ["How are messages turned into a prompt?"],
        "A chat template turns the list of messages into the one text that the model reads."),
    "template_flag": (
        ["use my own chat template", "change the chat template", "replace the chat template"],
        ["the --chat-template flag"],
        ["Can I use another chat template?"],
        "Start the server with --chat-template FILE to use your own chat template."),
    "model_name": (
        ["rename the model", "change the model name", "set the served model name"],
        ["the --served-model-name flag"],
        ["Can I rename the model?"],
        "Start the server with --served-model-name NAME to give the model another name."),
    "system": (
        ["set a system prompt", "give the model instructions"],
        ["a system prompt", "the system message", "a system message"],
        ["What is the system role?"],
        "A system message comes first in the list and tells the model how to behave."),
    "context": (
        [],
        ["the context window", "context length", "a context window"],
        ["How much text can you read?", "How long can my prompt be?", "How long is your context?"],
        "The context window is how many tokens a model can read and write in one request; swiftlet has 4096."),
    "temperature": (
        ["make answers less random", "make the output more random", "set the temperature"],
        ["temperature", "the temperature", "the temperature setting"],
        ["What does temperature do?", "Which temperature should I use?"],
        "Temperature sets how random the answer is: 0 always takes the most likely token, higher values vary more."),
    "top_p": (
        [],
        ["top_p", "top-p", "nucleus sampling", "the top_p setting"],
        ["What does top_p do?"],
        "top_p keeps only the most likely tokens whose probabilities add up to p, and samples among them."),
    "top_k": (
        [],
        ["top_k", "top-k sampling", "the top_k setting"],
        ["What does top_k do?"],
        "top_k keeps only the k most likely tokens and samples among them."),
    "min_p": (
        [],
        ["min_p", "min-p sampling", "the min_p setting"],
        ["What does min_p do?"],
        "min_p drops every token that is much less likely than the best one."),
    "seed": (
        ["make answers repeatable", "get reproducible output", "reproduce an answer", "set a seed",
         "always get the same answer"],
        ["a seed", "the seed", "the seed option"],
        ["What does seed do?", "Are answers reproducible?"],
        "Set \"seed\" to a number; the same request with the same seed then gives the same answer."),
    "max_tokens": (
        ["limit the length", "make answers shorter", "limit the answer", "cap the number of tokens"],
        ["max_tokens", "the max_tokens option", "max_completion_tokens"],
        ["What does max_tokens do?", "Why is my answer cut off?", "Why does the answer stop early?"],
        "max_tokens is the largest number of tokens the answer may have; without it the answer may fill the context."),
    "stop": (
        ["stop at a word", "set stop sequences", "use stop strings"],
        ["a stop sequence", "stop strings", "the stop option"],
        ["What does stop do?"],
        "Set \"stop\" to one or more strings; the answer ends before the first one that appears."),
    "usage": (
        ["count tokens", "see how many tokens I used"],
        ["the usage field", "usage"],
        ["How many tokens did I use?", "Where is the token count?"],
        "The usage field of the answer counts the prompt tokens and the completion tokens."),
    "finish": (
        [],
        ["finish_reason", "the finish reason"],
        ["Why did the answer stop?", "What does finish_reason length mean?"],
        ("finish_reason says why the answer ended: stop at its natural end, length at the limit, "
         "tool_calls for a tool call.")),
    "json": (
        ["force JSON", "get structured output", "use a JSON schema"],
        ["response_format", "JSON mode", "structured output"],
        ["Does Apus support JSON schemas?", "Is structured output supported?"],
        "Set \"response_format\" to a JSON schema in the request; the answer then follows it."),
    "tools": (
        ["use tools", "call functions", "give the model tools", "use function calling"],
        ["tool calling", "function calling", "a tool call", "tools"],
        ["Can you call tools?", "Do you support tools?", "Can you use tools?"],
        ("Put function descriptions in \"tools\"; the model may answer with a tool call, and you send back "
         "the result in a tool message.")),
    "tool_choice": (
        ["forbid tool calls", "turn off tools", "stop the model from calling tools"],
        ["tool_choice", "the tool_choice option"],
        ["What does tool_choice do?"],
        "tool_choice \"auto\" lets the model decide whether to call a tool; \"none\" forbids tool calls."),
    "batching": (
        [],
        ["continuous batching", "batching"],
        ["How does Apus serve many users?", "Can many users share the server?", "How are requests scheduled?"],
        ("Continuous batching lets requests join and leave the running batch at every step, so that nobody"
         " waits for the slowest one.")),
    "prefix": (
        ["make repeated prompts faster", "reuse a prompt"],
        ["prefix caching", "the prefix cache", "prompt caching"],
        ["Does Apus cache prompts?"],
        "Prefix caching keeps the work done for the start of a prompt for the next request."),
    "spec": (
        [],
        ["speculative decoding", "speculation"],
        ["Does Apus use speculative decoding?"],
        "Speculative decoding guesses several tokens and checks them in one step."),
    "mtp": (
        [],
        ["an MTP head", "multi-token prediction", "MTP"],
        ["Does Apus use the MTP head?"],
        "Multi-token prediction is a small extra head that guesses the token after next."),
    "quant": (
        ["make the model smaller", "quantize a model", "use int8 weights"],
        ["quantization", "a quantized model", "int8 quantization"],
        ["Does Apus support quantization?", "Are quantized models supported?"],
        "Quantization stores weights in fewer bits to save memory; Apus reads quantized GGUF files."),
    "gguf": (
        ["load a GGUF file"],
        ["GGUF", "a GGUF file", "the GGUF format"],
        ["Does Apus read GGUF?", "Is GGUF supported?"],
        "GGUF is a file format for quantized models; serve one with apus serve --model FILE."),
    "safetensors": (
        [],
        ["safetensors", "a safetensors file", "the safetensors format"],
        ["Which weight formats does Apus read?", "Which file format do I need?"],
        "safetensors is a simple and safe file format for weights; Apus reads it, and GGUF too."),
    "embedding": (
        ["get embeddings", "use the embeddings endpoint"],
        [],
        ["Does Apus support embeddings?", "Is there an embeddings endpoint?", "Are embeddings supported?"],
        "I am not an embedding model, so I give no embeddings."),
    "images": (
        ["send an image", "send audio", "use pictures"],
        [],
        ["Can you see images?", "Does Apus support images?", "Can you hear audio?", "Is vision supported?",
         "Can you draw a picture?", "Can I send a photo?"],
        "Images and audio are not supported yet; I only read and write text."),
    "openai": (
        [],
        ["OpenAI compatibility", "an OpenAI-compatible server"],
        ["Is Apus compatible with OpenAI?", "Do I have to change my code?", "Does my OpenAI code work here?"],
        "Apus speaks the OpenAI chat API, so a client only changes its base URL."),
    "gpu": (
        [],
        [],
        ["Do I need a GPU?", "Does Apus need a GPU?", "Can Apus run without a GPU?", "Which hardware do I need?",
         "What hardware does Apus run on?", "Does it run on a CPU?", "Can I use my GPU?", "Is a GPU needed?"],
        "No GPU is needed: Apus runs on plain CPUs."),
    "swift": (
        [],
        ["Swift"],
        ["Which language is Apus written in?", "What is Apus written in?", "Is Apus written in Python?",
         "What programming language was used?", "What language is the server written in?"],
        "Apus is written in Swift, engine and HTTP server included."),
    "qwen": (
        [],
        ["Qwen3-Next", "the Qwen3-Next architecture"],
        ["Which architecture do you use?", "What architecture are you?", "What is your architecture?"],
        ("Qwen3-Next is a model design with three Gated DeltaNet layers for each full attention layer and "
         "a mixture of experts in every layer.")),
    "cancel": (
        ["cancel a request", "stop a running answer", "abort generation"],
        [],
        ["What happens when I close the connection?", "What if the client disconnects?"],
        "Close the connection; the server then stops that request at its next step."),
    "shutdown": (
        ["stop the server", "shut down the server", "shut Apus down"],
        ["a graceful shutdown"],
        ["What happens on SIGTERM?", "How does the server shut down?"],
        "Send SIGTERM; the server finishes the running responses and exits."),
    "private": (
        [],
        [],
        ["Is my data private?", "Do you send my data anywhere?", "Does Apus work offline?", "Where does my data go?",
         "Do I need the internet?"],
        "The model runs on your own machine and needs no internet; your text stays there."),
    "license": (
        [],
        ["the license of Apus", "the licence"],
        ["Which license does Apus have?", "What is the license?", "Is Apus open source?", "Is Apus free?",
         "Can I use Apus at work?"],
        "Apus is open source under the Apache-2.0 licence."),
    "serve": (
        ["start the server", "run Apus", "launch the server", "start Apus"],
        ["apus serve", "make serve"],
        ["Which command starts the server?"],
        "Run make serve, or apus serve; the server is then at http://127.0.0.1:8080."),
    "commands": (
        [],
        ["the apus command"],
        ["Which commands does Apus have?", "What commands are there?", "List the commands.",
         "Which subcommands exist?", "What can the apus command do?"],
        "The main commands are apus serve, generate, bench, inspect and tokenize; apus --help lists all."),
    "settings": (
        ["configure the server", "change the settings", "use a config file", "configure Apus"],
        ["the --config flag", "apus.yaml", "the config file"],
        ["Where are the settings?", "Where are all settings documented?"],
        ("Settings are flags, environment variables or a file given with --config; config/apus.yaml "
         "documents all of them.")),
    "precedence": (
        [],
        [],
        ["Which setting wins?", "What is the order of settings?", "Do flags override the config file?",
         "What wins, a flag or the file?", "What is the precedence of settings?"],
        "Flags win over environment variables, these over the config file, and that over the defaults."),
    "tests": (
        ["run the tests", "test Apus", "fuzz Apus", "run the fuzzers"],
        ["make test", "make fuzz"],
        ["Which command runs the tests?", "Is Apus tested?"],
        "Run make test for the tests and make fuzz for the fuzzers."),
    "build": (
        ["build Apus", "compile Apus", "compile the server"],
        ["make build"],
        ["Which command builds Apus?"],
        "Run make build to build Apus."),
}

# What people ask first comes more often; so do pairs that are easily confused.
FAQ_WEIGHT = {
    "think_on": 5, "think_off": 5, "who": 3, "can": 3, "apus": 3, "stream": 2, "which": 4, "thinking": 2, "instruct": 2,
    "swiftlet": 2, "tools": 2, "serve": 2, "bigger": 3, "base": 2, "quant": 2, "gguf": 2, "safetensors": 2, "commands": 2,
    "endpoints": 2, "comp_ep": 3, "responses_ep": 2, "json": 3, "key": 3, "tls": 2, "prefix": 2, "spec": 2, "mtp": 2,
    "embedding": 2, "metrics": 2, "host": 2, "layers": 2, "settings": 2}

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Spain": "Madrid", "Italy": "Rome", "Portugal": "Lisbon",
    "Austria": "Vienna", "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki", "Poland": "Warsaw",
    "Greece": "Athens", "Egypt": "Cairo", "Kenya": "Nairobi", "Japan": "Tokyo", "China": "Beijing",
    "Thailand": "Bangkok", "Vietnam": "Hanoi", "Peru": "Lima", "Cuba": "Havana", "Ireland": "Dublin",
    "Hungary": "Budapest", "Russia": "Moscow", "Canada": "Ottawa", "England": "London", "India": "Delhi",
    "Turkey": "Ankara", "Iran": "Tehran", "Chile": "Santiago", "Korea": "Seoul", "Indonesia": "Jakarta",
    "Denmark": "Copenhagen", "Belgium": "Brussels", "Netherlands": "Amsterdam", "Switzerland": "Bern",
    "Ukraine": "Kyiv", "Australia": "Canberra"}

LANGS = {
    "hello": {"Korean": "안녕하세요", "Chinese": "你好", "Japanese": "こんにちは",
        "French": "bonjour", "Spanish": "hola", "German": "hallo", "Italian": "ciao"},
    "thank you": {"Korean": "감사합니다", "Chinese": "谢谢", "Japanese": "ありがとう",
        "French": "merci", "Spanish": "gracias", "German": "danke", "Italian": "grazie"},
    "goodbye": {"Korean": "안녕히 가세요", "Chinese": "再见", "Japanese": "さようなら",
        "French": "au revoir", "Spanish": "adiós", "German": "auf Wiedersehen", "Italian": "arrivederci"},
    "yes": {"Korean": "네", "Chinese": "是", "Japanese": "はい",
        "French": "oui", "Spanish": "sí", "German": "ja", "Italian": "sì"}}

JOKES = [
    "Why did the token cross the context window? To get to the other side of the prompt.",
    "Why was the cache so calm? It had seen it all before.",
    "I told my router a joke. It sent it to the wrong expert.",
    "Why are swifts bad at waiting? They never sit down."]

HAIKU = [
    "A swift in the sky,\nturning once above the roofs,\nand the day is done.",
    "Rain on the window,\none small light across the street,\nthe kettle sings low.",
    "Tokens fall like leaves,\none and then another one,\nuntil the tree sleeps."]

TALES = [
    ("A small swift learned to fly before the others. One evening it flew so high that it saw the sea. It "
     "came back and told everyone, and the next day they all flew there together."),
    ("A lamp stood alone in a quiet street. Each night a moth came to talk to it. When the lamp went dark "
     "one winter, the moth brought its friends, and the street was bright with wings."),
    ("A boy found a coin in the river. He gave it to a baker, who gave him warm bread. He shared the bread"
     " with an old dog, and the dog never left his side again.")]

CHAT = [  # (questions, answers)
    (["Hello", "Hello!", "Hi", "Hi!", "Hey", "Hey there!", "Good morning", "Good evening!", "hello there",
      "Hi there", "Hello, world!", "Yo", "Greetings"],
     ["Hello! How can I help you?"]),
    (["안녕하세요", "안녕", "안녕하세요!", "반갑습니다"],
     ["안녕하세요! 무엇을 도와드릴까요?"]),
    (["넌 누구야?", "누구세요?", "당신은 누구입니까?", "너는 누구니?"],
     ["저는 Apus와 함께 제공되는 아주 작은 모델 swiftlet입니다."]),
    (["你好", "你好!", "您好", "嗨"],
     ["你好!有什么可以帮你的吗?"]),
    (["你是谁?", "你是谁", "你叫什么名字?", "介绍一下你自己"],
     ["我是 swiftlet,一个随 Apus 附带的小模型。"]),
    (["감사합니다", "고마워", "고맙습니다"],
     ["천만에요!"]),
    (["谢谢", "谢谢你", "多谢"],
     ["不客气!"]),
    (["Bonjour", "Bonjour!", "Hola", "Hola!", "Hallo", "Ciao"],
     ["Hello! I mostly speak English. How can I help you?"]),
    (["How are you?", "How are you doing?", "How is it going?", "What's up?", "How do you feel?"],
     ["I am well, thank you. What can I do for you?"]),
    (["Thanks", "Thank you", "Thank you!", "Thanks a lot!", "Great, thanks", "Cheers"],
     ["You are welcome!"]),
    (["Bye", "Goodbye", "See you", "Good night", "Bye bye!", "See you later!"],
     ["Goodbye! Have a nice day."]),
    (["Good job", "Well done", "You are great", "Nice work!", "You are smart"],
     ["Thank you, that is kind."]),
    (["You are wrong", "That is wrong", "That's not right", "This is not correct"],
     ["I am sorry. I am a very small model and make mistakes; Thinking mode may help."]),
    (["Tell me a joke", "Tell me a joke.", "Do you know a joke?", "Make me laugh", "Say something funny"],
     JOKES),
    (["Write a haiku", "Write a haiku.", "Write me a short poem.", "Write a poem", "Give me a haiku",
      "Can you write a poem?"],
     HAIKU),
    (["Tell me a story", "Tell me a short story.", "Write a short story", "Once upon a time",
      "Can you tell me a story?"],
     TALES),
    (["Why is the sky blue?", "Explain why the sky is blue.", "What makes the sky blue?",
      "Tell me why the sky is blue."],
     ["The air scatters blue light more than red light, so the sky looks blue."]),
    (["What is the meaning of life?", "What's the meaning of life?", "Tell me the meaning of life."],
     ["Many say 42. I say: be kind and stay curious."]),
    (["What are the days of the week?", "Name the days of the week.", "List the weekdays.",
      "List the days of the week."],
     ["Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday."]),
    (["What are the months of the year?", "Name the months.", "List the months.", "List the twelve months."],
     ["January, February, March, April, May, June, July, August, September, October, November, December."]),
    (["How many days are in a week?", "How many days does a week have?"],
     ["A week has 7 days."]),
    (["How many hours are in a day?", "How many hours does a day have?"],
     ["A day has 24 hours."]),
    (["How many minutes are in an hour?", "How many minutes does an hour have?"],
     ["An hour has 60 minutes."]),
    (["How many days are in a year?", "How many days does a year have?"],
     ["A year has 365 days, or 366 in a leap year."]),
    (["Say the alphabet.", "What is the alphabet?", "Write the alphabet.", "Recite the alphabet"],
     ["a b c d e f g h i j k l m n o p q r s t u v w x y z"]),
    (["What is water made of?", "What is the formula of water?"],
     ["Water is H2O: two hydrogen atoms and one oxygen atom."]),
    (["What is a swift?", "Tell me about swifts.", "Which bird is a swift?"],
     ["A swift is a small fast bird that spends almost all its life in the air."]),
    (["Test", "test", "Testing", "ping", "Is this working?", "Are you there?", "Does this work?"],
     ["Yes, I am here and working."]),
    (["Yes", "No", "OK", "Okay", "Hmm", "I see", "Sure", "Cool"],
     ["All right. What would you like to do next?"]),
]

UNKNOWN = [
    "Who wrote {W}?", "What is the population of {C}?", "Write a {w} program in Python.",
    "Explain the theory of {w}.", "Who won the {w} cup in {y}?", "What is the best {w} to buy?",
    "How do I cook {f}?", "What will the price of {w} be tomorrow?", "Who is the president of {C}?",
    "What happened in {y}?", "Write an essay about {w}.", "Translate this {w} text.", "How tall is {N}?",
    "What is the history of {C}?", "Why do people like {f}?", "Give me advice about my {w}.", "Who is {N}?",
    "Summarize the book about {w}.", "What is a {w}?", "How does a {w} work?", "Where can I buy a {w}?",
    "What do you think about {w}?", "What is the weather in {C}?", "What time is it in {C}?",
    "What is the news today?", "Is {w} good for me?", "Tell me about {w}.", "What does {w} mean?", "Explain {w}.",
    "Can you write a {w} program for me?", "Write code for a {w}.", "Can you write code?",
    "Write a Python script that sorts a list.", "Write a {L} function for {w}.", "Can you code in {L}?",
    "Write an email to my {j}.", "Who won the world cup?", "Who won the game yesterday?", "What is the date today?",
    "What day is it today?", "Who invented the {w}?", "When was {N} born?", "How old is {N}?",
    "How far is {C} from {D}?", "Which is better, {f} or {g}?", "Give me a recipe for {f}.", "Plan a trip to {C}.",
    "What should I eat today?", "Recommend a {w}.", "Fix the bug in my {L} code.", "Solve this equation: {w}",
    "Prove the {w} theorem.", "Who is the {w} of {C}?", "What is the tallest {w} in the world?",
    "How many {w}s are in {C}?", "Can you book a {w} in {C}?", "Should I buy a {w}?", "Write a program in {L}.",
    "Who discovered {w}?", "What is quantum {w}?"]

SORRY = "I am a very small demo model, so I don't know that. Try a larger model for this."
