package test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/cmd/review/checkout"
	"unishop-pilot-light/cmd/review/judge"
	"unishop-pilot-light/cmd/review/page"
	"unishop-pilot-light/stacks"
)

// mutation is a change to the real system, and how a review has to grade it.
type mutation struct {
	// context of the head's synthesis, or else what is changed in the templates of all its modes.
	context map[string]any
	edit    func(mode mode, stack string, t template)
	// base is the context of the base's synthesis.
	base map[string]any
	// committed is the head's mode in cdk.json; "false" when it is not given.
	committed string
	// want is the verdict; rules that must apply, each with the type of what it applies to.
	want  string
	rules []string
}

var mutations = map[string]mutation{
	"the cluster's construct id": {
		edit: everywhere(func(t template) { rekey(t, "AWS::RDS::DBCluster", "DatabaseShop01234567") }),
		want: "blocks", rules: []string{"stateful-removed AWS::RDS::DBCluster", "name-taken AWS::RDS::DBCluster", "name-kept AWS::RDS::DBInstance"},
	},
	"a database name": {
		edit: property("AWS::RDS::DBCluster", "DatabaseName", "shop"),
		want: "blocks", rules: []string{"stateful-replaced AWS::RDS::DBCluster", "name-kept AWS::RDS::DBCluster", "stateful-replaced AWS::RDS::DBInstance"},
	},
	"no GlobalClusterIdentifier": {
		edit: property("AWS::RDS::DBCluster", "GlobalClusterIdentifier", nil),
		want: "blocks", rules: []string{"detached AWS::RDS::DBCluster"},
	},
	"another KMS key": {
		edit: property("AWS::RDS::DBCluster", "KmsKeyId", "alias/aws/rds"),
		want: "blocks", rules: []string{"stateful-replaced AWS::RDS::DBCluster"},
	},
	"protect turned off": {
		base: map[string]any{"protect": "true"}, context: map[string]any{},
		want: "blocks", rules: []string{"policy-weakened AWS::RDS::DBCluster", "policy-weakened AWS::KMS::Key",
			"protection-dropped AWS::RDS::DBCluster", "protection-dropped AWS::RDS::GlobalCluster", "termination-protection-dropped Stack"},
	},
	"backups of a day": {
		edit: property("AWS::RDS::DBCluster", "BackupRetentionPeriod", 1.0),
		want: "blocks", rules: []string{"backups-shortened AWS::RDS::DBCluster"},
	},
	"a NAT gateway": {
		edit: everywhere(func(t template) {
			subnet := keys(t.of("AWS::EC2::Subnet"))[0]
			t.section("Resources")["Address"] = map[string]any{"Type": "AWS::EC2::EIP", "Properties": map[string]any{"Domain": "vpc"}}
			t.section("Resources")["Nat"] = map[string]any{"Type": "AWS::EC2::NatGateway", "Properties": map[string]any{
				"SubnetId": map[string]any{"Ref": subnet}, "AllocationId": map[string]any{"Fn::GetAtt": []any{"Address", "AllocationId"}},
			}}
		}),
		want: "notes", rules: []string{"nat-gateway AWS::EC2::NatGateway", "created AWS::EC2::EIP"},
	},
	"a wildcard in a role": {
		edit: everywhere(func(t template) {
			statements := at(t.of("AWS::IAM::Role")[idOf("Server/Role/Resource")], "Properties", "Policies", 0, "PolicyDocument", "Statement")
			at(statements, 0).(map[string]any)["Resource"] = "*"
		}),
		want: "notes", rules: []string{"wildcard AWS::IAM::Role"},
	},
	"changed user data": {
		edit: everywhere(func(t template) {
			for id := range t.of("AWS::EC2::Instance") { // its logical id is made of the user data
				rekey(t, "AWS::EC2::Instance", id+"0")
			}
		}),
		want: "moves", rules: []string{"instance-launched AWS::EC2::Instance", "instance-terminated AWS::EC2::Instance"},
	},
	"changed user data under the same id": {
		edit: property("AWS::EC2::Instance", "UserData", "IyEvYmluL2Jhc2gK"),
		want: "moves", rules: []string{"instance-interrupted AWS::EC2::Instance"},
	},
	"another image parameter": {
		edit: everywhere(func(t template) {
			if image, ok := t.section("Parameters")["Image"].(map[string]any); ok {
				image["Default"] = "/unishop/other"
			}
		}),
		want: "moves", rules: []string{"instance-replaced AWS::EC2::Instance", "other Parameters"},
	},
	"failover planned in cdk.json": {
		context: map[string]any{}, committed: "planned",
		want: "moves", rules: []string{"role-changed Custom::RegionRole", "instance-launched AWS::EC2::Instance", "instance-terminated AWS::EC2::Instance"},
	},
	"another reconcile": {
		context: map[string]any{"reconcile": "again"},
		want:    "moves", rules: []string{"role-changed Custom::RegionRole", "function-called Custom::PublishedImage"},
	},
	"a secret without its replica": {
		edit: property("AWS::SecretsManager::Secret", "ReplicaRegions", nil),
		want: "blocks", rules: []string{"replica-dropped AWS::SecretsManager::Secret"},
	},
	"an alarm that only the active template has": {
		edit: func(_ mode, stack string, t template) {
			if len(t.of("AWS::EC2::Instance")) == 1 {
				t.section("Resources")["Alarm"] = map[string]any{"Type": "AWS::CloudWatch::Alarm", "Properties": map[string]any{"AlarmName": stack}}
			}
		},
		want: "blocks", rules: []string{"activation Activation", "created AWS::CloudWatch::Alarm"},
	},
	// Its version is that of the bundle, which the component's is made of.
	"a page of the shop": {
		context: map[string]any{"artifact": "s3://releases/unishop-2.tar.gz"},
		want:    "moves", rules: []string{"instance-replaced AWS::EC2::Instance", "image AWS::ImageBuilder::Image", "function-called Custom::PublishedImage"},
	},
	"another generated password": {
		edit: property("AWS::SecretsManager::Secret", "GenerateSecretString", map[string]any{"PasswordLength": 40.0}),
		want: "blocks", rules: []string{"password-generated AWS::SecretsManager::Secret"},
	},
	"another class of the database": {
		edit: property("AWS::RDS::DBInstance", "DBInstanceClass", "db.r6g.xlarge"),
		want: "moves", rules: []string{"database-class AWS::RDS::DBInstance"},
	},
	"another region": {
		context: map[string]any{"secondary-region": "us-west-2"},
		want:    "blocks", rules: []string{"stack-elsewhere Stack", "replica-dropped AWS::SecretsManager::Secret"},
	},
	"another name": {
		context: map[string]any{"name": "shop"},
		want:    "blocks", rules: []string{"stack-removed Stack", "created Stack"},
	},
	"an objective": {
		context: map[string]any{"objective-rto": "20m"},
		want:    "nothing",
	},
}

func TestAReviewGradesEveryMutation(t *testing.T) {
	plain := map[string]judge.Side{}
	of := func(context map[string]any) judge.Side {
		if _, made := plain[text(context)]; !made {
			plain[text(context)] = sideOf(t, context)
		}
		return plain[text(context)]
	}
	for _, name := range keys(mutations) {
		t.Run(name, func(t *testing.T) {
			m := mutations[name]
			result := compared(t, of(m.base), m.head(t, of))
			assert.Equal(t, m.want, result.Verdict, "%s", shown(result))
			found := map[string]bool{}
			for _, f := range result.Findings {
				for _, reason := range f.Reasons {
					found[reason.Rule+" "+f.Type] = true
				}
			}
			for _, rule := range m.rules {
				assert.True(t, found[rule], "%s was not found, but\n%s", rule, shown(result))
			}
		})
	}
	require.GreaterOrEqual(t, len(mutations), 14)
}

func (m mutation) head(t *testing.T, of func(map[string]any) judge.Side) judge.Side {
	side := of(m.context)
	if m.edit != nil {
		side.Assemblies = maps.Clone(side.Assemblies)
		for mode, a := range side.Assemblies {
			a.Templates = edited(t, mode, a, m.edit)
			side.Assemblies[mode] = a
		}
	}
	if m.committed != "" {
		side.Committed = m.committed
	}
	return side
}

// edited are copies of an assembly's templates that a mutation has changed.
func edited(t *testing.T, name string, a checkout.Assembly, edit func(mode, string, template)) map[string]map[string]any {
	t.Helper()
	copies := map[string]map[string]any{}
	for _, stack := range keys(a.Templates) {
		var copied template
		require.NoError(t, json.Unmarshal([]byte(text(a.Templates[stack])), &copied))
		edit(mode(name), stack, copied)
		copies[stack] = copied
	}
	return copies
}

// sideOf is what a context deploys in every mode, as a review has it, without the output Release.
func sideOf(t *testing.T, context map[string]any) judge.Side {
	t.Helper()
	side := judge.Side{Assemblies: map[string]checkout.Assembly{}, Committed: "false"}
	for _, mode := range checkout.Modes {
		with := map[string]any{"failover": mode, "artifact": artifact}
		maps.Copy(with, context)
		folder := t.TempDir()
		app, cfg := newApp(t, folder, with)
		stacks.New(app, cfg)
		app.Synth(nil)
		read, err := checkout.Read(folder)
		require.NoError(t, err)
		side.Assemblies[mode] = read
	}
	return side
}

func compared(t *testing.T, base, head judge.Side) *page.Result {
	t.Helper()
	result := &page.Result{}
	_, err := judge.Compare(t.Context(), root, base, head, result)
	require.NoError(t, err)
	result.Close(nil, "")
	return result
}

func shown(result *page.Result) string {
	var written strings.Builder
	if err := result.JSON(&written); err != nil {
		return err.Error()
	}
	return written.String()
}

func everywhere(edit func(template)) func(mode, string, template) {
	return func(_ mode, _ string, t template) { edit(t) }
}

// property of every resource of a type gets a value; nil removes it.
func property(kind, name string, value any) func(mode, string, template) {
	return everywhere(func(t template) {
		for _, r := range t.of(kind) {
			r.props()[name] = value
			if value == nil {
				delete(r.props(), name)
			}
		}
	})
}

// rekey the only resource of a type, with all that refers to it.
func rekey(t template, kind, to string) {
	id, _ := t.one(kind)
	renamed := strings.ReplaceAll(text(t), `"`+id+`"`, `"`+to+`"`)
	if err := json.Unmarshal([]byte(renamed), &t); err != nil {
		panic(err) // it was JSON before
	}
	delete(t.section("Resources"), id)
}
