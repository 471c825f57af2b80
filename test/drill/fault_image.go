package main

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
)

// noImage: CloudFormation looks the image up before it touches anything.
var noImage = scenario{
	name: "no-image",
	says: "a failover without an image is refused before anything changes",
	steps: []step{
		deployed,
		{"the parameter of the image is removed", forgetImage, nil},
		down,
		{"us-west-1 cannot take over", refused(failingOver(secondary), "/unishop/image"), says(secondary, pilotLight)},
	},
}

func forgetImage(ctx context.Context, d *Drill) error {
	_, err := ssm.NewFromConfig(d.system.In(secondary)).DeleteParameter(ctx, &ssm.DeleteParameterInput{
		Name: aws.String(d.system.Names.ImageParameter()),
	})
	return err
}

// badRelease: an image reaches the pilot light only after it has sold in the primary.
var badRelease = scenario{
	name: "bad-release",
	says: "a release that does not start is rolled back, and the pilot light never hears of it",
	steps: []step{
		deployed,
		{"a release that does not start is rolled back while the old one goes on selling", rollBackBadRelease,
			all(sells(primary), imagePublished)},
		down,
		{"us-west-1 takes over with the old release", failOver(secondary), all(writes(secondary), runs(secondary, 1), says(secondary, active))},
	},
}

func rollBackBadRelease(ctx context.Context, d *Drill) error {
	if err := uploadBadRelease(ctx, d); err != nil {
		return err
	}
	return refused(command{at: office, arguments: []string{
		"deploy", "--all", "--require-approval", "never", "-c", "artifact=s3://releases/unishop-bad.tar.gz",
	}}, "FAILURE signal")(ctx, d)
}

// uploadBadRelease uploads a release that can be baked, and whose shop ends as soon as it is started.
func uploadBadRelease(ctx context.Context, d *Drill) error {
	printed, err := exec.CommandContext(ctx, "go", "run", "-C", d.root, "./unishop/bundle").Output()
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
	client := d.s3(primary)
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("releases")}); err != nil {
		return err
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String("releases"), Key: aws.String("unishop-bad.tar.gz"), Body: bytes.NewReader(bad),
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
