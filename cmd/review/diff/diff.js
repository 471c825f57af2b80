// Compares templates with the CDK's own library. Standard input: [{before, after}]; standard output: for each pair, what
// differs. https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloudformation-diff
const { fullDiff } = require('@aws-cdk/cloudformation-diff');

// The library follows references to what is replaced, but not through Join and Sub, nor to a parameter or a mapping that
// has another value. So those references are marked until nothing more is replaced, and the library says what each means.
function compare({ before, after }) {
  const plain = fullDiff(before, after);
  const marked = new Set([...valuesOf(plain.parameters), ...plain.mappings.logicalIds]);
  for (;;) {
    const diff = fullDiff(before, { ...after, Resources: mark(after.Resources, marked) });
    const replaced = Object.entries(diff.resources.changes).filter(([id, c]) => c.changeImpact === 'WILL_REPLACE' && !marked.has(id));
    if (!replaced.length) return [...resources(diff), ...sections(plain)];
    for (const [id] of replaced) marked.add(id);
  }
}

// A parameter's description is no value.
function valuesOf(parameters) {
  const value = ({ Type, Default }) => JSON.stringify([Type, Default]);
  return Object.entries(parameters.changes).filter(([, c]) => c.isUpdate && value(c.oldValue) !== value(c.newValue)).map(([id]) => id);
}

function mark(value, ids) {
  if (Array.isArray(value)) return value.map((each) => mark(each, ids));
  if (typeof value !== 'object' || value === null) return value;
  const other = (id) => (ids.has(id) ? `${id} (changed)` : id);
  const inText = (text) => text.replace(/\$\{([A-Za-z0-9]+)/g, (_, id) => '${' + other(id));
  const copy = {};
  for (const [key, v] of Object.entries(value)) {
    if (key === 'Ref') copy[key] = other(v);
    else if (key === 'Fn::GetAtt') copy[key] = Array.isArray(v) ? [other(v[0]), ...v.slice(1)] : v.replace(/^[^.]+/, other);
    else if (key === 'Fn::FindInMap') copy[key] = [other(v[0]), ...mark(v.slice(1), ids)];
    else if (key === 'Fn::Sub') copy[key] = Array.isArray(v) ? [inText(v[0]), mark(v[1], ids)] : inText(v);
    else copy[key] = mark(v, ids);
  }
  return copy;
}

function resources(diff) {
  return Object.entries(diff.resources.changes).map(([id, c]) => ({
    section: 'Resources',
    id,
    impact: c.changeImpact,
    properties: Object.fromEntries(Object.entries(c.propertyUpdates).map(([name, p]) => [name, p.changeImpact])),
    others: Object.keys(c.otherChanges),
  }));
}

function sections(diff) {
  const keyed = { Parameters: 'parameters', Mappings: 'mappings', Outputs: 'outputs', Conditions: 'conditions', Metadata: 'metadata' };
  const found = Object.entries(keyed).flatMap(([section, field]) => diff[field].logicalIds.map((id) => ({ section, id })));
  const whole = { Description: diff.description, Transform: diff.transform, AWSTemplateFormatVersion: diff.awsTemplateFormatVersion };
  const rest = [...Object.keys(whole).filter((section) => whole[section]?.isDifferent), ...diff.unknown.logicalIds];
  return [...found, ...rest.map((section) => ({ section, id: section }))];
}

process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8')).map(compare)));
