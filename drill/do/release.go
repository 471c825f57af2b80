package do

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// PublishOther publishes an image that was not baked from a release: Amazon's own.
func PublishOther(ctx context.Context, d *stage.Drill) error {
	client := ssm.NewFromConfig(d.System.In(config.Secondary))
	other, err := client.GetParameter(ctx, &ssm.GetParameterInput{
		Name: aws.String("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")})
	if err != nil {
		return err
	}
	_, err = client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(d.System.Names.ImageParameter()), Value: other.Parameter.Value,
		DataType: aws.String("aws:ec2:image"), Overwrite: aws.Bool(true)})
	return errors.Join(err, check.Eventually(func(ctx context.Context, d *stage.Drill) error {
		published, err := d.System.Image(ctx)
		if err == nil && published != aws.ToString(other.Parameter.Value) {
			err = fmt.Errorf("the published image is %q, want %q", published, aws.ToString(other.Parameter.Value))
		}
		return err
	})(ctx, d))
}

// Releases is the bucket for release bundles that is not the CDK's.
const Releases = "releases"

// badRelease is the bundle in it that does not start.
const badRelease = "unishop-bad.tar.gz"

// BadDeployment deploys the release that does not start.
func BadDeployment(arguments ...string) stage.Command {
	return Deploying(append([]string{"--all", "-c", "artifact=s3://" + Releases + "/" + badRelease}, arguments...)...)
}

// UploadBadRelease uploads a release that can be baked, and whose shop ends as soon as it is started.
func UploadBadRelease(ctx context.Context, d *stage.Drill) error {
	printed, err := exec.CommandContext(ctx, "go", "run", "-C", d.Root, "./unishop/bundle").Output()
	if err != nil {
		return fmt.Errorf("the release bundle: %w", err)
	}
	good, err := os.ReadFile(strings.TrimSpace(string(printed)))
	if err != nil {
		return err
	}
	bad, err := edit(good, "unishop.service", func(unit []byte) []byte {
		return regexp.MustCompile(`(?m)^ExecStart=.*$`).ReplaceAll(unit, []byte("ExecStart=/usr/bin/java -version"))
	})
	if err != nil {
		return err
	}
	client := d.S3(config.Primary)
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(Releases)}); err != nil {
		return err
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(Releases), Key: aws.String(badRelease), Body: bytes.NewReader(bad),
	})
	return err
}

// edit changes one file of a .tar.gz archive.
func edit(archive []byte, name string, change func([]byte) []byte) ([]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	from, to := tar.NewReader(unzipped), tar.NewWriter(zipped)
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			err := errors.Join(to.Close(), zipped.Close())
			return out.Bytes(), err
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(from)
		if err != nil {
			return nil, err
		}
		if path.Clean(header.Name) == name {
			content = change(content)
			header.Size = int64(len(content))
		}
		if err := to.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := to.Write(content); err != nil {
			return nil, err
		}
	}
}

// FailBuild has the next build of an image fail.
func FailBuild(ctx context.Context, d *stage.Drill) error {
	return d.Emulator.Set(ctx, emulator.Settings{FailingBuilds: 1})
}
