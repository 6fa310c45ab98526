library(limma); set.seed(3)
n<-14;g<-120; grp<-rep(0:1,each=7); cov<-round(rnorm(n),4)
f<-rnorm(n)
y<-matrix(rnorm(n*g),g,n)+ rep(rnorm(g,6,2),n); y[1:20,]<-y[1:20,]+rep(1,20)%o%f*0.8 ; y[1:20,]<-y[1:20,]+0.7*rep(1,20)%o%grp; y[21:35,grp==1]<-y[21:35,grp==1]-0.5
y<-round(y,4); rownames(y)<-paste0("g",1:g); colnames(y)<-paste0("s",1:n)
d<-cbind(1,cov,grp)
r<-camera(y,index=list(a=1:20,b=21:35,c=36:60),design=d,contrast=3,inter.gene.cor=NA,sort=FALSE,trend.var=TRUE)
print(r,digits=10)
write.csv(y,"expression.csv"); write.csv(data.frame(cov,grp),"design.csv"); write.csv(format(r,digits=12),"expected_camera.csv")
