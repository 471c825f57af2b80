package rules

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/cmd/review/diff"
)

// pair of small templates, and what the rule says of the first resource in which it applies; empty: it must not apply.
type pair struct{ rule, before, after, says string }

const (
	cluster = `"AWS::RDS::DBCluster"`
	secret  = `"AWS::SecretsManager::Secret"`
	server  = `"AWS::EC2::Instance"`
)

// it is a template with one resource.
func it(kind, properties string, attributes ...string) string {
	more := ""
	for _, attribute := range attributes {
		more += ", " + attribute
	}
	return `{"Resources": {"It": {"Type": ` + kind + `, "Properties": {` + properties + `}` + more + `}}}`
}

// other is the same resource with another id.
func other(kind, properties string) string {
	return `{"Resources": {"Other": {"Type": ` + kind + `, "Properties": {` + properties + `}}}}`
}

const none = `{"Resources": {}}`

func inline(statement string) string {
	return `"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [` + statement + `]}}]`
}

var pairs = []pair{
	{"stateful-replaced", it(cluster, `"KmsKeyId": "a"`), it(cluster, `"KmsKeyId": "b"`), "because of KmsKeyId: what it holds"},
	{"stateful-replaced", it(`"AWS::SNS::Topic"`, `"TopicName": "a"`), it(`"AWS::SNS::Topic"`, `"TopicName": "b"`), ""},
	{"stateful-replaced", it(cluster, ``), it(`"AWS::SNS::Topic"`, ``), "because of its type"},
	{"stateful-may-be-replaced", it(cluster, `"Engine": "a"`), it(cluster, `"Engine": "b"`), "because of Engine"},
	{"stateful-removed", it(secret, ``), none, "is deleted with what it holds"},
	{"stateful-removed", it(`"AWS::SNS::Topic"`, ``), none, ""},
	{"stateful-orphaned", it(`"AWS::KMS::Key"`, ``, `"DeletionPolicy": "Retain"`), none, "stays, but"},
	{"detached", it(cluster, `"GlobalClusterIdentifier": "a"`), it(cluster, ``), `(GlobalClusterIdentifier: "a" → none)`},
	{"detached", it(cluster, `"GlobalClusterIdentifier": "a"`), it(cluster, `"GlobalClusterIdentifier": "a", "Port": 1`), ""},
	{"policy-weakened", it(secret, ``, `"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Snapshot"`), it(secret, ``),
		"(DeletionPolicy: Retain → Delete, UpdateReplacePolicy: Snapshot → Delete)"},
	{"policy-weakened", it(cluster, ``), it(cluster, ``, `"DeletionPolicy": "Delete"`), "(DeletionPolicy: Snapshot → Delete)"},
	{"policy-weakened", it(secret, ``), it(secret, ``, `"DeletionPolicy": "Retain"`), ""},
	{"protection-dropped", it(cluster, `"DeletionProtection": true`), it(cluster, ``), "no deletion protection"},
	{"protection-dropped", it(cluster, `"DeletionProtection": "true"`), it(cluster, `"DeletionProtection": true`), ""},
	{"backups-shortened", it(cluster, `"BackupRetentionPeriod": 7`), it(cluster, `"BackupRetentionPeriod": 1`), "(7 → 1 days)"},
	{"backups-shortened", it(cluster, `"BackupRetentionPeriod": 7`), it(cluster, ``), "(7 → 1 days)"},
	{"backups-shortened", it(cluster, `"BackupRetentionPeriod": 7`), it(cluster, `"BackupRetentionPeriod": 14`), ""},
	{"replica-dropped", it(secret, `"ReplicaRegions": [{"Region": "a"}, {"Region": "b"}]`), it(secret, `"ReplicaRegions": [{"Region": "a"}]`), "its replica in b"},
	{"replica-dropped", it(secret, `"ReplicaRegions": [{"Region": "a"}]`), it(secret, `"ReplicaRegions": [{"Region": "b"}, {"Region": "a"}]`), ""},
	{"password-generated", it(secret, `"GenerateSecretString": {"PasswordLength": 32}`), it(secret, `"GenerateSecretString": {"PasswordLength": 40}`), "a new password"},
	{"key-disabled", it(`"AWS::KMS::Key"`, ``), it(`"AWS::KMS::Key"`, `"Enabled": false`), "is disabled"},
	{"key-disabled", it(`"AWS::KMS::Key"`, `"Enabled": true`), it(`"AWS::KMS::Key"`, ``), ""},
	{"role-removed", it(`"Custom::RegionRole"`, ``), none, "moves the database to the other region"},
	{"name-taken", it(`"AWS::SNS::Topic"`, `"TopicName": "a"`), other(`"AWS::SNS::Topic"`, `"TopicName": "a"`), "(a)"},
	{"name-taken", it(`"AWS::SNS::Topic"`, `"TopicName": "a"`), other(`"AWS::SNS::Topic"`, `"TopicName": "b"`), ""},
	{"name-taken", it(`"AWS::SNS::Topic"`, ``), other(`"AWS::SNS::Topic"`, ``), ""},
	{"name-kept", it(cluster, `"DBClusterIdentifier": "a", "KmsKeyId": "a"`), it(cluster, `"DBClusterIdentifier": "a", "KmsKeyId": "b"`), "(a)"},
	{"name-kept", it(cluster, `"DBClusterIdentifier": "a", "KmsKeyId": "a"`), it(cluster, `"DBClusterIdentifier": "b", "KmsKeyId": "b"`), ""},
	{"another-function", it(`"Custom::Teardown"`, `"ServiceToken": "a"`), it(`"Custom::Teardown"`, `"ServiceToken": "b"`), "another function"},
	{"role-changed", it(`"Custom::RegionRole"`, `"Attempt": "planned"`), it(`"Custom::RegionRole"`, `"Attempt": "now"`), `(Attempt: "planned" → "now")`},
	{"role-created", none, it(`"Custom::RegionRole"`, ``), "for the first time"},
	{"instance-replaced", `{"Parameters": {"Image": {"Type": "String", "Default": "a"}}, "Resources": {"It": {"Type": ` + server + `, "Properties": {"ImageId": {"Ref": "Image"}}}}}`,
		`{"Parameters": {"Image": {"Type": "String", "Default": "b"}}, "Resources": {"It": {"Type": ` + server + `, "Properties": {"ImageId": {"Ref": "Image"}}}}}`,
		"because of ImageId"},
	{"instance-interrupted", it(server, `"UserData": "a"`), it(server, `"UserData": "b"`), "because of UserData"},
	{"instance-interrupted", it(server, `"Tags": []`), it(server, `"Tags": [{}]`), ""},
	{"instance-launched", none, it(server, ``), "is launched"},
	{"instance-terminated", it(server, ``), none, "is terminated"},
	{"engine-changed", it(cluster, `"EngineVersion": "1"`), it(cluster, `"EngineVersion": "2"`), `"1" → "2"`},
	{"database-class", it(`"AWS::RDS::DBInstance"`, `"DBInstanceClass": "a"`), it(`"AWS::RDS::DBInstance"`, `"DBInstanceClass": "b"`), `"a" → "b"`},
	{"wildcard", it(`"AWS::IAM::Role"`, inline(`{"Effect": "Allow", "Action": "a:B", "Resource": "c"}`)),
		it(`"AWS::IAM::Role"`, inline(`{"Effect": "Allow", "Action": "a:B", "Resource": ["c", "*"]}`)), "Resource * for a:B"},
	{"wildcard", none, it(`"AWS::IAM::Policy"`, `"Roles": ["r"], "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": ["a:*", "b:C"], "Resource": "c"}]}`), "Action a:*,b:C"},
	{"wildcard", it(`"AWS::IAM::Role"`, inline(`{"Effect": "Allow", "Action": "a:B", "Resource": "*"}`)),
		it(`"AWS::IAM::Role"`, `"Description": "x", `+inline(`{"Effect": "Allow", "Action": "a:B", "Resource": "*"}`)), ""},
	{"wildcard", none, it(`"AWS::IAM::Role"`, inline(`{"Effect": "Deny", "Action": "*", "Resource": "*"}`)), ""},
	{"wildcard", none, it(`"AWS::IAM::Role"`, inline(`{"Effect": "Allow", "NotAction": "a:B", "Resource": "c"}`)), "all but a:B"},
	{"nat-gateway", none, it(`"AWS::EC2::NatGateway"`, ``), "by the hour"},
	{"image", it(`"AWS::ImageBuilder::Image"`, `"ImageRecipeArn": "a"`), it(`"AWS::ImageBuilder::Image"`, `"ImageRecipeArn": "b"`), "is baked again"},
	{"function-called", it(`"Custom::PublishedImage"`, `"Image": "a"`), it(`"Custom::PublishedImage"`, `"Image": "b"`), `is called (Image: "a" → "b")`},
	{"function-called", it(`"Custom::RegionRole"`, `"Way": "a"`), it(`"Custom::RegionRole"`, `"Way": "b"`), ""},
	{"unknown-property", it(`"AWS::Shop::Basket"`, `"Price": "a"`), it(`"AWS::Shop::Basket"`, `"Price": "b"`), "(Price)"},

	{"replaced", it(`"AWS::SNS::Topic"`, `"TopicName": "a"`), it(`"AWS::SNS::Topic"`, `"TopicName": "b"`), "because of TopicName"},
	{"may-be-replaced", it(`"AWS::EC2::SecurityGroup"`, ``), it(`"AWS::EC2::SecurityGroup"`, ``), ""},
	{"may-be-replaced", it(`"AWS::ElasticLoadBalancing::LoadBalancer"`, `"AvailabilityZones": ["a"]`), it(`"AWS::ElasticLoadBalancing::LoadBalancer"`, `"AvailabilityZones": ["b"]`), "because of AvailabilityZones"},
	{"created", none, it(`"AWS::SNS::Topic"`, ``), "is created"},
	{"removed", it(`"AWS::SNS::Topic"`, ``), none, "is deleted"},
	{"orphaned", it(`"AWS::SNS::Topic"`, ``, `"DeletionPolicy": "Retain"`), none, "stays, but"},
	{"updated", it(`"AWS::SNS::Topic"`, `"DisplayName": "a"`), it(`"AWS::SNS::Topic"`, `"DisplayName": "b"`), `(DisplayName: "a" → "b")`},
	{"updated", it(`"AWS::SNS::Topic"`, `"DisplayName": "a"`), none, ""},
	{"attributes", it(`"AWS::SNS::Topic"`, ``), it(`"AWS::SNS::Topic"`, ``, `"DependsOn": "Other"`), "DependsOn"},
	{"other", `{"Outputs": {"It": {"Value": "a"}}}`, `{"Outputs": {"It": {"Value": "b"}}}`, "differs"},
}

func compared(t *testing.T) [][]diff.Change {
	t.Helper()
	var asked []diff.Pair
	for _, p := range pairs {
		var c diff.Pair
		require.NoError(t, json.Unmarshal([]byte(p.before), &c.Before), p.before)
		require.NoError(t, json.Unmarshal([]byte(p.after), &c.After), p.after)
		asked = append(asked, c)
	}
	found, err := diff.Compare(t.Context(), "../../..", asked)
	require.NoError(t, err)
	return found
}

// said is what a rule says about changes; empty when it does not apply.
func said(rule string, changes []diff.Change) (says string) {
	for _, judged := range Judge(changes) {
		for _, reason := range judged.Reasons {
			if reason.Rule == rule {
				says = reason.Says
			}
		}
	}
	return says
}

func TestEveryRuleAppliesWhereItShould(t *testing.T) {
	found := compared(t)
	for i, p := range pairs {
		says := said(p.rule, found[i])
		assert.Equal(t, p.says == "", says == "", "%s, from %s to %s: %q", p.rule, p.before, p.after, says)
		assert.Contains(t, says, p.says, "%s, from %s to %s", p.rule, p.before, p.after)
	}
}

// Whatever happens has a grade, also without the rule that it was made for.
func TestWithoutARuleAnotherIsSaid(t *testing.T) {
	found, whole := compared(t), slices.Clone(Table)
	t.Cleanup(func() { Table = whole })
	for i, rule := range whole {
		Table = slices.Delete(slices.Clone(whole), i, i+1)
		for j, p := range pairs {
			if p.rule == rule.Name && p.says != "" {
				assert.Empty(t, said(p.rule, found[j]))
				for _, judged := range Judge(found[j]) {
					assert.NotEmpty(t, judged.Reasons, "%s: %s", rule.Name, p.after)
				}
			}
		}
	}
}

// What is in no template has no pair.
func TestWhatIsInNoTemplateIsJudged(t *testing.T) {
	for rule, c := range map[string]diff.Change{
		"stack-removed":                  {Section: Stack, Before: map[string]any{"environment": "a"}},
		"stack-elsewhere":                {Section: Stack, Before: map[string]any{"environment": "a"}, After: map[string]any{"environment": "b"}},
		"termination-protection-dropped": {Section: Stack, Before: map[string]any{"terminationProtection": true}, After: map[string]any{"terminationProtection": false}},
		"stack":                          {Section: Stack, Before: map[string]any{"terminationProtection": false}, After: map[string]any{"terminationProtection": true}},
		"activation":                     {Section: Activation, Others: []string{"Resources Alarm"}},
	} {
		judged := Judge([]diff.Change{c})
		assert.Equal(t, rule, judged[0].Reasons[0].Rule, "%+v", judged)
		assert.Len(t, judged[0].Reasons, 1)
	}
}

func TestEveryRuleHasItsPair(t *testing.T) {
	beside := []string{"stack-removed", "stack-elsewhere", "termination-protection-dropped", "stack", "activation"}
	names := map[string]bool{}
	for _, rule := range append(slices.Clone(Table), Otherwise...) {
		assert.False(t, names[rule.Name], "two rules are called %s", rule.Name)
		names[rule.Name] = true
		shown := slices.ContainsFunc(pairs, func(p pair) bool { return p.rule == rule.Name && p.says != "" })
		assert.True(t, shown || slices.Contains(beside, rule.Name), "no pair shows %s", rule.Name)
		assert.NotEmpty(t, rule.Says)
		assert.NotEmpty(t, rule.Source)
	}
}

func TestTheWorstReasonComesFirst(t *testing.T) {
	before := map[string]any{"Type": "Custom::RegionRole"}
	judged := Judge([]diff.Change{{Section: "Resources", ID: "Role", Impact: diff.Unchanged, Before: before, After: before,
		Properties: map[string]diff.Impact{"ServiceToken": diff.Unchanged}}})
	assert.Equal(t, Blocks, judged[0].Grade())
	assert.Equal(t, []string{"another-function", "role-changed"}, []string{judged[0].Reasons[0].Rule, judged[0].Reasons[1].Rule})
}
