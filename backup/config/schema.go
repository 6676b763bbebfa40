package config

import (
	"encoding/json"

	"chatkeep/providers/storage"
)

// schema is a JSON Schema, draft 2020-12, or a part of one.
type schema map[string]any

// Schema describes the file in JSON Schema, for editors and for programs that
// write one. Stores are the kinds of places whose settings are keys. It cannot say
// that a name refers to something; Parse can.
func Schema(stores []storage.Provider) ([]byte, error) {
	repository := tableSchema(repositoryKeys(), []string{"place"})
	properties := repository["properties"].(schema)
	for _, p := range stores {
		for _, s := range p.Settings {
			one := schema{"type": "string", "minLength": 1}
			if s.Bool {
				one = schema{"enum": []any{true, false, "true"}}
			}
			one["description"] = s.Usage
			properties[s.Name] = one
		}
	}
	root := tableSchema(rootKeys(), nil)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "chatkeep's config.toml"
	for name, table := range map[string]schema{
		repositories: namedSchema(repository),
		sources:      namedSchema(sourceSchema()),
		jobs:         namedSchema(tableSchema(jobKeys(), nil)),
		channelsAt:   namedSchema(channelSchema()),
		logAt:        tableSchema(logKeys(), nil),
		metricsAt:    tableSchema(metricsKeys(), nil),
	} {
		root["properties"].(schema)[name] = table
	}
	data, err := json.MarshalIndent(root, "", "  ")
	return append(data, '\n'), err
}

// tableSchema describes a table with these keys and no others.
func tableSchema[T any](keys []key[T], required []string) schema {
	properties := schema{}
	for _, k := range keys {
		one := schema{"description": k.about}
		for word, value := range k.schema {
			one[word] = value
		}
		properties[k.name] = one
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// namedSchema describes tables of one kind by their names.
func namedSchema(one schema) schema {
	return schema{
		"type":                 "object",
		"propertyNames":        schema{"pattern": `^[\p{L}\p{Nd}][\p{L}\p{Nd}._-]*$`, "maxLength": maxName},
		"additionalProperties": one,
	}
}

// sourceSchema says that a source has a path or a command.
func sourceSchema() schema {
	s := tableSchema(sourceKeys(), nil)
	s["oneOf"] = []schema{{"required": []string{"path"}}, {"required": []string{"command"}}}
	return s
}

// channelSchema says of each type what it needs.
func channelSchema() schema {
	s := tableSchema(notifyKeys(), []string{"type"})
	var rules []schema
	for _, c := range channels {
		var all []schema
		for _, one := range c.needs {
			var either []schema
			for _, key := range one {
				either = append(either, schema{"required": []string{key}})
			}
			all = append(all, schema{"anyOf": either})
		}
		rules = append(rules, schema{
			"if":   schema{"properties": schema{"type": schema{"const": c.name}}, "required": []string{"type"}},
			"then": schema{"allOf": all},
		})
	}
	s["allOf"] = rules
	return s
}
